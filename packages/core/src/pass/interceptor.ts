/** Runs a forward under observation without writing to the modules: a proxy for each, made once per model. */
import { type MxArray, nn } from "@mlxterp/mlx";
import {
  type ContainerSlot,
  isContainer,
  isModule,
  type ModuleNode,
  type ModuleTree,
  type Slot,
} from "../sites/module-tree.js";
import { Tap } from "../tap.js";
import type { Pass } from "./pass.js";
import { hasPrivateMembers, withSubstitutedChildren } from "./substitution.js";

type Forward = (...args: unknown[]) => unknown;

/** Stands in for a tap during a pass. */
class ObservedTap extends Tap {
  constructor(
    tap: Tap,
    private readonly node: ModuleNode,
    private readonly interceptor: Interceptor,
  ) {
    super(tap.axes);
  }

  override forward(x: MxArray): MxArray {
    const pass = this.interceptor.pass;
    return pass === undefined ? x : (pass.call(this.node, [x], identity) as MxArray);
  }

  override get changed(): boolean {
    return this.interceptor.pass?.changes(this.node) ?? false;
  }

  override derive(build: () => MxArray): void {
    this.interceptor.pass?.derive(this.node, build);
  }
}

const identity = ([x]: unknown[]): unknown => x;

/** What stands in for a list or an object of modules, and what it was made from. */
interface Stand {
  readonly raw: unknown;
  readonly items: readonly unknown[];
  readonly standIn: unknown;
}

/** The observed face of one model. Forwards are synchronous, so one current pass is enough. */
export class Interceptor {
  pass: Pass | undefined;
  private readonly observed: ({ readonly module: object; readonly standIn: object } | undefined)[] =
    [];
  private readonly raw = new WeakMap<object, object>();

  constructor(readonly tree: ModuleTree) {}

  /** Calls the root's forward with every module call going through the pass. */
  run(pass: Pass, args: unknown[]): unknown {
    const outer = this.pass;
    this.pass = pass;
    try {
      return (this.observe(this.tree.root) as { forward: Forward }).forward(...args);
    } finally {
      this.pass = outer;
    }
  }

  /** Runs something that may call modules, but is no part of the open pass. */
  outside<T>(use: () => T): T {
    const open = this.pass;
    this.pass = undefined;
    try {
      return use();
    } finally {
      this.pass = open;
    }
  }

  /** The stand-in of one module. */
  private observe(node: ModuleNode): object {
    const known = this.observed[node.index];
    if (known !== undefined && known.module === node.module) return known.standIn;
    const standIn = this.create(node);
    this.observed[node.index] = { module: node.module, standIn };
    return standIn;
  }

  private create(node: ModuleNode): object {
    if (node.module instanceof Tap) return new ObservedTap(node.module, node, this);
    const stands = new Map<string, Stand>();
    const forward = this.forwardOf(node);
    const standIn: object = new Proxy(node.module, {
      get: (target, key) => {
        if (key === "forward") return forward;
        const value: unknown = Reflect.get(target, key, target);
        if (typeof key === "symbol") return value;
        if (typeof value === "function") return this.bindBase(target, key, value as Forward);
        if (typeof value !== "object" || value === null) return value;
        return this.child(node, key, value, stands);
      },
      set: (target, key, value) => Reflect.set(target, key, this.unwrap(value), target),
    });
    this.raw.set(standIn, node.module);
    return standIn;
  }

  /** Methods of the base class use its private fields, so they need the module itself. */
  private bindBase(target: object, key: string, method: Forward): Forward {
    const base = (nn.Module.prototype as unknown as Record<string, unknown>)[key];
    return method === base ? method.bind(target) : method;
  }

  private child(node: ModuleNode, key: string, value: object, stands: Map<string, Stand>): unknown {
    let slot = node.slots.get(key);
    if (slot === undefined) {
      if (node.keys.has(key) || !mayHoldModules(value)) return value;
      if (!Object.hasOwn(node.module, key)) return this.known(value); // an accessor's answer
      this.tree.rescan(node, node.module);
      slot = node.slots.get(key);
      if (slot === undefined) return value;
    }
    if (!isContainer(slot)) {
      if (slot.module !== value) {
        if (!isModule(value)) return value;
        this.tree.rescan(slot, value);
      }
      return this.observe(slot);
    }
    return this.containerStandIn(node, key, value, stands);
  }

  private containerStandIn(
    node: ModuleNode,
    key: string,
    value: object,
    stands: Map<string, Stand>,
  ): unknown {
    const known = stands.get(key);
    if (known && known.raw === value && sameItems(known.items, value)) return known.standIn;
    if (known) this.tree.rescan(node, node.module);
    const slot = node.slots.get(key);
    if (slot === undefined || !isContainer(slot)) return value;
    const standIn = this.buildContainer(slot);
    stands.set(key, { raw: value, items: Object.values(value), standIn });
    return standIn;
  }

  private buildContainer(slot: ContainerSlot): unknown {
    const build = (key: string, item: unknown): unknown => {
      const inner: Slot | undefined = slot.entries.get(key);
      if (inner === undefined) return item;
      return isContainer(inner)
        ? this.buildContainer(inner)
        : this.observe(this.current(inner, item));
    };
    const { container } = slot;
    return Array.isArray(container)
      ? container.map((item, index) => build(String(index), item))
      : Object.fromEntries(Object.entries(container).map(([key, item]) => [key, build(key, item)]));
  }

  /** The node, after noticing that another module stands in its place. */
  private current(node: ModuleNode, module: unknown): ModuleNode {
    if (node.module !== module && isModule(module)) this.tree.rescan(node, module);
    return node;
  }

  /** The stand-in of a module of this tree that came by another way than its own property. */
  private known(value: object): object {
    const node = this.tree.nodes.find(({ module }) => module === value);
    return node ? this.observe(node) : value;
  }

  private forwardOf(node: ModuleNode): Forward {
    const plain = (args: unknown[]) => node.module.forward(...args) as unknown;
    let invoke = plain;
    if (node.slots.size > 0) {
      invoke = hasPrivateMembers(node.module)
        ? (args) => this.callSubstituted(node, args)
        : (args) => Reflect.apply(node.module.forward, this.observe(node), args) as unknown;
    }
    return (...args) =>
      this.pass === undefined ? plain(args) : this.pass.call(node, args, invoke);
  }

  private callSubstituted(node: ModuleNode, args: unknown[]): unknown {
    const name = node.path || "the model";
    const note = `${name} has private members, so its children were exchanged during its forward and put back.`;
    if (this.pass && !this.pass.notes.includes(note)) this.pass.notes.push(note);
    const standIns = Object.entries(Object.fromEntries(node.slots)).map(
      ([key, slot]) =>
        [key, isContainer(slot) ? this.buildContainer(slot) : this.observe(slot)] as const,
    );
    return withSubstitutedChildren(
      node.module,
      standIns,
      () => node.module.forward(...args) as unknown,
    );
  }

  private unwrap(value: unknown): unknown {
    return (typeof value === "object" && value !== null && this.raw.get(value)) || value;
  }
}

function sameItems(items: readonly unknown[], container: object): boolean {
  if (Array.isArray(container)) {
    if (items.length !== container.length) return false;
    for (let index = 0; index < items.length; index++) {
      if (items[index] !== container[index]) return false;
    }
    return true;
  }
  const values = Object.values(container);
  return values.length === items.length && values.every((value, index) => value === items[index]);
}

function mayHoldModules(value: object): boolean {
  return (
    isModule(value) || Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype
  );
}
