/** What the axes of an activation mean, as far as that is known. */
import type { MxArray } from "@mlxterp/mlx";
import type { Axes } from "./axes.js";
import { MissingAxisError } from "./errors.js";
import { declaredAxes } from "./sites/module-node.js";
import type { Site } from "./sites/site.js";
import { Tap } from "./tap.js";

const sequence: Axes = ["batch", "position", "hidden"];

/** The axes of a value: those its module declares, else (batch, position, hidden) for three of them. */
export function axesOf({ node, port }: Site, value: MxArray): Axes | undefined {
  const { module } = node;
  const declared =
    port.kind === "output" || module instanceof Tap ? declaredAxes(module) : undefined;
  const axes = declared ?? sequence;
  return axes.length === value.ndim ? axes : undefined;
}

/**
 * Which axis of a value holds the positions of its prompt: `position`, or `query` of attention weights.
 *
 * @param width the number of positions of the batch; undefined when the input was not tokens
 * @throws MissingAxisError (`MISSING_AXIS`) when that is not known
 */
export function positionAxis(site: Site, value: MxArray, width: number | undefined): number {
  const axes = axesOf(site, value);
  const axis = axes?.findIndex((name) => name === "position" || name === "query") ?? -1;
  if (axis >= 0) return axis;
  if (!axes && value.ndim === 2 && value.shape[1] === width) return 1; // one number for each token
  throw new MissingAxisError(
    site.name,
    "position",
    axes,
    "Take it from cache.get(…) yourself, or declare `outputAxes` in its module.",
  );
}
