/** What a module tree is made of. */
import { type Module, nn } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import type { AxisNames } from "./axis-names.js";
import type { Container } from "./containers.js";
import type { SpliceSettings } from "./plan.js";
import { Tap } from "./tap.js";

/** One module under one path; a module shared by two parents has two nodes. */
export interface ModuleNode {
  /** `layers.3.selfAttn`; the empty string for the root. */
  readonly path: string;
  /** The path in segments, each with the length of the list it indexes (0 for names). */
  readonly segments: readonly Segment[];
  /** A number that belongs to the path, for tables; it stays the same when the tree is read again. */
  readonly index: number;
  readonly module: Module;
  /** Own keys whose values are modules, or lists and plain objects of modules. */
  readonly slots: ReadonlyMap<string, Slot>;
  /** The user's module at this place, where an edit has put another one there. */
  readonly standsFor?: Module;
  /** What its axes are called here; undefined where they are as its parts say. */
  readonly axisNames?: AxisNames | undefined;
  /** What an edit has spliced in here. */
  readonly splice?: NodeSplice;
}

/** A splice in a module tree: its parts are sites beside the module's own children. */
export interface NodeSplice {
  readonly settings: SpliceSettings;
  readonly parts: ReadonlyMap<string, ModuleNode>;
}

export interface Segment {
  readonly key: string;
  readonly listLength: number;
}

/** A child module, or a list or plain object that leads to child modules. */
export type Slot = ModuleNode | ContainerSlot;

export interface ContainerSlot {
  readonly container: Container;
  readonly entries: ReadonlyMap<string, Slot>;
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
