/** What stands in for a module during a pass: a proxy that shows its children as stand-ins and reports its calls. */
import { type Module, nn } from "@mlxterp/mlx";
import { splicedRun } from "../edits/run-splice.js";
import type { ModuleNode } from "../sites/module-node.js";
import { originalOf, withOriginals } from "../sites/originals.js";
import { accessorsOf, holdsModule, isClosed } from "./closed-modules.js";
import { adjustable, type Shown } from "./container-stand-ins.js";
import type { Interceptor } from "./interceptor.js";
import { withSubstitutedChildren } from "./substitution.js";

type Method = (...args: unknown[]) => unknown;

/** Methods of the base class use its private fields, so they need the module itself. */
const base = nn.Module.prototype as unknown as Readonly<Record<PropertyKey, unknown>>;

/** The traps of one module's proxy. */
export class ModuleStandIn implements ProxyHandler<Module> {
  readonly proxy: Module;
  /** Whether the module's own code must run on the module, with its children substituted. */
  private readonly closed: boolean;
  private readonly accessors: ReadonlySet<PropertyKey>;
  private readonly shown = new Map<PropertyKey, Shown>();
  private readonly forward: Method;
  /** The module's own forward, with what is spliced in. */
  readonly run: (args: unknown[]) => unknown;

  constructor(
    private readonly node: ModuleNode,
    private readonly interceptor: Interceptor,
  ) {
    const { module } = node;
    this.proxy = new Proxy(adjustable(module), this);
    this.closed = isClosed(module);
    this.accessors = accessorsOf(module);
    this.run = splicedRun(node, interceptor, this.invoke);
    this.forward = (...args) =>
      interceptor.pass === undefined
        ? module.forward(...args)
        : interceptor.pass.call(node, args, this.run);
  }

  get(_target: Module, key: PropertyKey): unknown {
    if (key === "forward") return this.forward;
    if (this.accessors.has(key)) return this.readAccessor(key);
    const value: unknown = Reflect.get(this.node.module, key);
    if (typeof value === "function") return this.method(key, value as Method);
    return typeof value === "object" && value !== null ? this.show(key, value) : value;
  }

  set(_target: Module, key: PropertyKey, value: unknown): boolean {
    return Reflect.set(this.node.module, key, withOriginals(value));
  }

  deleteProperty(_target: Module, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.node.module, key);
  }

  /** The module's own forward. A leaf needs no stand-in for itself, as it has no children to show. */
  private readonly invoke = (args: unknown[]): unknown => {
    const { module, slots } = this.node;
    if (slots.size === 0) return module.forward(...args);
    if (this.closed) return this.onModule(() => module.forward(...args));
    return Reflect.apply(module.forward, this.proxy, args);
  };

  private show(key: PropertyKey, value: object): object {
    const known = this.shown.get(key);
    if (known !== undefined && known.original === value) return known.standIn;
    if (typeof key === "symbol") return value;
    const { path } = this.node;
    const original = originalOf(value);
    const name = String(key);
    const standIn = this.interceptor.standInFor(path === "" ? name : `${path}.${name}`, original);
    // Only stand-ins are remembered: anything else may be an activation, which must not be kept alive.
    if (standIn !== original) this.shown.set(key, { original, standIn });
    return standIn;
  }

  private method(key: PropertyKey, method: Method): unknown {
    const { module } = this.node;
    if (method === base[key]) return method.bind(module);
    const own = Object.hasOwn(module, key);
    if (!this.closed || key === "constructor" || (own && !holdsModule(method))) return method;
    return (...args: unknown[]) => this.onModule(() => Reflect.apply(method, module, args));
  }

  private readAccessor(key: PropertyKey): unknown {
    const { module } = this.node;
    return this.closed
      ? this.onModule(() => Reflect.get(module, key) as unknown)
      : Reflect.get(module, key, this.proxy);
  }

  /** Runs code of a closed module. */
  private onModule<T>(use: () => T): T {
    const { module, path, slots } = this.node;
    const { pass } = this.interceptor;
    if (pass === undefined || slots.size === 0) return use();
    const note = `${path || "The model"} has private members or functions bound to it, so its children were exchanged while its own code ran, and put back.`;
    if (!pass.notes.includes(note)) pass.notes.push(note);
    const children = module as unknown as Readonly<Record<string, object>>;
    const standIns = [...slots.keys()].map((key) => [key, this.show(key, children[key])] as const);
    return withSubstitutedChildren(module, standIns, use);
  }
}
