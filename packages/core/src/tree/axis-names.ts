/** What axes mean inside a module where it is another thing than its parts say: positions of a second text, for one. */
import { checkModule, checkOptions, type Module, type OptionNames, oneOf } from "@mlxterp/mlx";
import type { Axes, Axis } from "../axes.js";

/** By the name that a part gives its axis. */
export type AxisNames = { readonly [name in Axis]?: Axis };

/** Every axis there is; the compiler sees that none is forgotten. */
const axes: Readonly<Record<Axis, true>> = {
  ...{ batch: true, position: true, target: true, images: true, patches: true, streams: true },
  ...{ hidden: true, heads: true, kvHeads: true, headDim: true, query: true, key: true },
  ...{ mlpHidden: true, features: true, vocab: true, labels: true, experts: true, topK: true },
  ...{ state: true, groups: true, one: true },
};
const anyAxis = oneOf(...Object.keys(axes));
const axisNames = Object.fromEntries(
  Object.keys(axes).map((name) => [name, anyAxis]),
) as OptionNames<AxisNames>;

const named = new WeakMap<Module, AxisNames>();

/**
 * Says what axes of a module, and of all modules in it that nothing is said of themselves, are called. Selections by position act on
 * axes called `position` and `query` only, so that parts made for one text can stand in the reading of another.
 *
 * @returns the same module
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no module, and for names that no axis has
 * @example
 * const layer = nameAxes(new nn.Linear(8, 8), { position: "target" });
 * new InterpretableModel(layer);
 */
export function nameAxes<M extends Module>(module: M, names: AxisNames): M {
  checkModule("module", module);
  checkOptions<AxisNames>("nameAxes", names, axisNames);
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
