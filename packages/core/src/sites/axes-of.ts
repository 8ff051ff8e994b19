/** What the axes of an activation mean, as far as that is known. */
import type { MxArray } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { renamed } from "../tree/axis-names.js";
import { declaredAxes } from "../tree/module-node.js";
import { Tap } from "../tree/tap.js";
import type { Site } from "./site.js";

const sequence: Axes = ["batch", "position", "hidden"];

/** The axes of a value: those its module declares (`outputAxes`, `inputAxes`), else (batch, position, hidden) for three of them. */
export function axesOf({ node, port }: Site, value: Pick<MxArray, "ndim">): Axes | undefined {
  const { module } = node;
  const declared =
    port.kind === "output" || module instanceof Tap
      ? declaredAxes(module)
      : (module as { inputAxes?: Axes }).inputAxes;
  const axes = renamed(declared ?? sequence, node.axisNames);
  return axes.length === value.ndim ? axes : undefined;
}

/**
 * Which axis of a value holds the positions of its prompt, if one is known to: `position`, or `query` of attention
 * weights.
 *
 * @param width the number of positions of the batch; undefined when the input was not tokens
 */
export function findPositionAxis(
  axes: Axes | undefined,
  shape: readonly number[],
  width: number | undefined,
): number | undefined {
  const axis = axes?.findIndex((name) => name === "position" || name === "query") ?? -1;
  if (axis >= 0) return axis;
  return !axes && shape.length === 2 && shape[1] === width ? 1 : undefined; // one number for each token
}
