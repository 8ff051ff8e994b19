/** The tree of named modules below a root: what exists, under which path. The modules themselves are never touched. */
import { isArray, type Module, nn } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { Tap } from "../tap.js";

/** One module under one path; a module shared by two parents has two nodes. */
export interface ModuleNode {
  /** `layers.3.selfAttn`; the empty string for the root. */
  readonly path: string;
  /** The path in segments, each with the length of the list it indexes (0 for names). */
  readonly segments: readonly Segment[];
  /** A dense number, for tables. */
  readonly index: number;
  module: Module;
  /** Own keys whose values are modules, or lists and plain objects of modules. */
  slots: Map<string, Slot>;
  /** All own keys when the module was last looked at; a new key means a second look. */
  keys: Set<string>;
}

export interface Segment {
  readonly key: string;
  readonly listLength: number;
}

/** A child module, or a list or plain object that leads to child modules. */
export type Slot = ModuleNode | ContainerSlot;

export interface ContainerSlot {
  readonly container: readonly unknown[] | Readonly<Record<string, unknown>>;
  readonly entries: Map<string, Slot>;
}

export function isModule(value: unknown): value is Module {
  return nn.Module.isModule(value);
}

export function isContainer(slot: Slot): slot is ContainerSlot {
  return "container" in slot;
}

/** The axes of a module's output where the module says them: taps do, others may with `outputAxes`. */
export function declaredAxes(module: Module): Axes | undefined {
  if (module instanceof Tap) return module.axes;
  return (module as { outputAxes?: Axes }).outputAxes;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** All modules below a root, found in properties, lists, nested lists and plain objects. */
export class ModuleTree {
  readonly nodes: ModuleNode[] = [];
  readonly byPath = new Map<string, ModuleNode>();
  readonly root: ModuleNode;
  /** Grows with every change of the tree; tables made from it compare this number. */
  version = 0;

  constructor(root: Module) {
    this.root = this.add(root, [], new Set());
  }

  /** Looks at a node's module again, after the user replaced it or added to it. */
  rescan(node: ModuleNode, module: Module): void {
    node.module = module;
    this.scan(node, ancestorsOf(this, node));
    this.version++;
  }

  private add(module: Module, segments: readonly Segment[], ancestors: Set<Module>): ModuleNode {
    const path = segments.map((segment) => segment.key).join(".");
    const known = this.byPath.get(path);
    if (known) {
      known.module = module;
      this.scan(known, ancestors);
      return known;
    }
    const index = this.nodes.length;
    const node: ModuleNode = { path, segments, index, module, slots: new Map(), keys: new Set() };
    this.nodes.push(node);
    this.byPath.set(path, node);
    this.scan(node, ancestors);
    return node;
  }

  private scan(node: ModuleNode, ancestors: Set<Module>): void {
    const inside = new Set(ancestors).add(node.module);
    node.slots = new Map();
    node.keys = new Set(Object.keys(node.module));
    for (const key of node.keys) {
      const value = (node.module as unknown as Record<string, unknown>)[key];
      const slot = this.slot(value, [...node.segments, { key, listLength: 0 }], inside);
      if (slot) node.slots.set(key, slot);
    }
  }

  private slot(
    value: unknown,
    segments: readonly Segment[],
    ancestors: Set<Module>,
  ): Slot | undefined {
    // A module that contains itself would have no last path; its second appearance is left alone.
    if (isModule(value))
      return ancestors.has(value) ? undefined : this.add(value, segments, ancestors);
    if (isArray(value)) return undefined;
    const list = Array.isArray(value);
    if (!list && !isPlainObject(value)) return undefined;
    const entries = new Map<string, Slot>();
    for (const [key, item] of Object.entries(value)) {
      const listLength = list ? value.length : 0;
      const slot = this.slot(item, [...segments, { key, listLength }], ancestors);
      if (slot) entries.set(key, slot);
    }
    return entries.size > 0 ? { container: value, entries } : undefined;
  }
}

function ancestorsOf(tree: ModuleTree, node: ModuleNode): Set<Module> {
  const above = new Set<Module>();
  for (let length = 0; length < node.segments.length; length++) {
    const path = node.segments
      .slice(0, length)
      .map((segment) => segment.key)
      .join(".");
    const ancestor = tree.byPath.get(path);
    if (ancestor) above.add(ancestor.module);
  }
  return above;
}
