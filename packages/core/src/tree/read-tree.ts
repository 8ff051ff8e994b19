/** One reading of a module tree: its nodes, and what to look at later to see whether it has changed. */
import type { Module } from "@mlxterp/mlx";
import { type AxisNames, namesIn } from "./axis-names.js";
import {
  type Container,
  isCollection,
  isContainerValue,
  placesOf,
  sizeOf,
  valueAt,
} from "./containers.js";
import {
  type ContainerSlot,
  isModule,
  type ModuleNode,
  type NodeSplice,
  type Segment,
  type Slot,
} from "./module-node.js";
import { originalOf } from "./originals.js";
import type { ModulePlan } from "./plan.js";

/** A place where a module stands, or may come to stand. */
export interface WatchedPlace {
  readonly holder: Readonly<Record<string, unknown>>;
  readonly key: string;
  readonly occupant: unknown;
}

export interface TreeReading {
  readonly nodes: ModuleNode[];
  readonly byPath: Map<string, ModuleNode>;
  readonly watched: WatchedPlace[];
  /** Lists and plain objects that hold modules, or nothing yet, with their sizes. */
  readonly counted: { readonly container: Container; readonly size: number }[];
}

/**
 * @param number the table index of a path
 * @param plan the modules that edits put in the place of others, or beside them
 */
export function readTree(
  root: Module,
  number: (path: string) => number,
  plan?: ModulePlan,
): TreeReading {
  const reading: TreeReading = { nodes: [], byPath: new Map(), watched: [], counted: [] };
  const nothing: Above = { holders: new Set(), axisNames: undefined };
  new Reader(reading, number, plan).module(originalOf(root), [], nothing);
  return reading;
}

/** What is on the way down. */
interface Above {
  /** Modules and containers; one that contains itself has no last path, so it is read once. */
  readonly holders: ReadonlySet<object>;
  readonly axisNames: AxisNames | undefined;
}

const below = (above: Above, holder: object, axisNames = above.axisNames): Above => ({
  holders: new Set(above.holders).add(holder),
  axisNames,
});

class Reader {
  constructor(
    private readonly reading: TreeReading,
    private readonly number: (path: string) => number,
    private readonly plan: ModulePlan | undefined,
  ) {}

  module(found: Module, segments: readonly Segment[], above: Above): ModuleNode {
    const path = segments.map((segment) => segment.key).join(".");
    const slots = new Map<string, Slot>();
    const index = this.number(path);
    const replacement = this.plan?.replacements.get(path)?.module;
    const module = replacement ?? found;
    const standsFor = replacement && found;
    const splice = this.splice(path);
    const axisNames = namesIn(found) ?? above.axisNames;
    const node: ModuleNode = { path, segments, index, module, slots, standsFor, splice, axisNames };
    this.reading.nodes.push(node);
    this.reading.byPath.set(path, node);
    const inside = below(above, module, axisNames);
    for (const [key, value] of Object.entries(module)) {
      const slot = this.slot(originalOf(value), [...segments, { key, listLength: 0 }], inside);
      if (slot) slots.set(key, slot);
      if (slot || mayBeFilled(value)) this.watch(module, key, value);
    }
    this.attach(node, inside);
    return node;
  }

  private splice(path: string): NodeSplice | undefined {
    const planned = this.plan?.splices.get(path);
    return planned && { settings: planned.splice, parts: new Map() };
  }

  private attach({ path, segments, splice }: ModuleNode, inside: Above): void {
    const parts = splice?.parts as Map<string, ModuleNode> | undefined;
    for (const [key, part] of this.plan?.splices.get(path)?.parts ?? []) {
      parts?.set(key, this.module(part, [...segments, { key, listLength: 0 }], inside));
    }
  }

  private slot(value: unknown, segments: readonly Segment[], above: Above): Slot | undefined {
    if (typeof value !== "object" || value === null || above.holders.has(value)) return undefined;
    if (isModule(value)) return this.module(value, segments, above);
    return isContainerValue(value) ? this.container(value, segments, above) : undefined;
  }

  private container(
    container: Container,
    segments: readonly Segment[],
    above: Above,
  ): ContainerSlot | undefined {
    const entries = new Map<string, Slot>();
    const inside = below(above, container);
    const listLength = Array.isArray(container) ? container.length : 0;
    for (const { name, value } of placesOf(container)) {
      const segment = { key: name, listLength };
      const slot = this.slot(originalOf(value), [...segments, segment], inside);
      if (slot) entries.set(name, slot);
      if (slot || value === null || value === undefined) this.watchIn(container, name, value);
    }
    const size = sizeOf(container);
    if (entries.size > 0 || size === 0) this.reading.counted.push({ container, size });
    return entries.size > 0 ? { container, entries } : undefined;
  }

  private watchIn(container: Container, name: string, value: unknown): void {
    const get = () => valueAt(container, name);
    const holder = isCollection(container) ? Object.defineProperty({}, name, { get }) : container;
    this.watch(holder, name, value);
  }

  private watch(holder: object, key: string, value: unknown): void {
    const place = holder as Readonly<Record<string, unknown>>;
    this.reading.watched.push({ holder: place, key, occupant: originalOf(value) });
  }
}

/** Whether a module may come to stand here later: nothing does yet, or an empty list. */
function mayBeFilled(value: unknown): boolean {
  return value === undefined || value === null || (isContainerValue(value) && sizeOf(value) === 0);
}
