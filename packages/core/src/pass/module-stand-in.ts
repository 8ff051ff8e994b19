/** What stands in for a module during a pass: a proxy that shows its children as stand-ins and reports its calls. */
import { type Module, nn } from "@mlxterp/mlx";
import type { ModuleNode } from "../tree/module-node.js";
import { originalOf, withOriginals } from "../tree/originals.js";
import { accessorsOf, holdsModule, isClosed } from "./closed-modules.js";
import type { Shown } from "./container-stand-ins.js";
import type { Interceptor } from "./interceptor.js";
import { reflecting, targetFor } from "./reflection.js";
import { splicedRun } from "./run-splice.js";
import { isExchangeable, withSubstitutedChildren } from "./substitution.js";

type Method = (...args: unknown[]) => unknown;

/** Methods of the base class use its private fields, so they need the module itself. */
const base = nn.Module.prototype as unknown as Readonly<Record<PropertyKey, unknown>>;

/** One module's proxy, and what is known about the module. */
export class ModuleStandIn {
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
    this.proxy = new Proxy<Module>(targetFor(module), {
      ...reflecting(module),
      get: (_target, key) => this.get(key),
      set: (_target, key, value) => Reflect.set(module, key, withOriginals(value)),
    });
    this.closed = isClosed(module);
    this.accessors = accessorsOf(module);
    this.run = splicedRun(node, interceptor, this.invoke);
    this.forward = (...args) =>
      interceptor.pass === undefined
        ? module.forward(...args)
        : interceptor.pass.call(node, args, this.run);
  }

  private get(key: PropertyKey): unknown {
    if (key === "forward") return this.forward;
    if (this.accessors.has(key)) return this.readAccessor(key);
    const value: unknown = Reflect.get(this.node.module, key);
    if (typeof value === "function") return this.method(key, value as Method);
    return typeof value === "object" && value !== null ? this.show(key, value) : value;
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
    const children = module as unknown as Readonly<Record<string, object>>;
    const [free, fixed] = [true, false].map((wanted) =>
      [...slots.keys()].filter((key) => isExchangeable(module, key) === wanted),
    );
    const standIns = free.map((key) => [key, this.show(key, children[key])] as const);
    const what = `${path || "The model"} has private members or functions bound to it`;
    if (free.length > 0) {
      pass.note(`${what}, so its children were exchanged while its own code ran, and put back.`);
    }
    if (fixed.length > 0) {
      pass.note(`${what} and is frozen, so its own calls of ${fixed.join(", ")} were not seen.`);
    }
    return withSubstitutedChildren(module, standIns, use);
  }
}
