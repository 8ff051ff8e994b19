/** What axes mean inside a module where it is another thing than its parts say: positions of a second text, for one. */
import type { Module } from "@mlxterp/mlx";
import type { Axes, Axis } from "../axes.js";

/** By the name that a part gives its axis. */
export type AxisNames = { readonly [name in Axis]?: Axis };

const named = new WeakMap<Module, AxisNames>();

/**
 * Says what axes of a module, and of all modules in it that nothing is said of themselves, are called. Selections by position act on
 * axes called `position` and `query` only, so that parts made for one text can stand in the reading of another.
 *
 * @returns the same module
 * @example
 * const layer = nameAxes(new nn.Linear(8, 8), { position: "target" });
 * new InterpretableModel(layer);
 */
export function nameAxes<M extends Module>(module: M, names: AxisNames): M {
  named.set(module, names);
  return module;
}

export const namesIn = (module: Module): AxisNames | undefined => named.get(module);

/** The axes as they are called in their place. */
export function renamed<A extends Axes | undefined>(
  axes: A,
  names: AxisNames | undefined,
): A | Axes {
  return axes && names ? axes.map((axis) => names[axis] ?? axis) : axes;
}
