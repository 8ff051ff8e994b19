/** Puts something else in an activation's place: zeros, a number, or given values. */
import type { Intervention } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { ValueShapeError } from "./errors.js";
import { HeldArray } from "./held-array.js";
import type { Numbers } from "./numbers.js";
import { specify } from "./specification.js";

/**
 * Replaces an activation by zeros (zero ablation). What came before is then not computed at all, unless something else needs it.
 *
 * @returns an intervention for a site of any shape and dtype
 * @example
 * await model.run(prompt, { interventions: { "layers.3.selfAttn.z": atHeads(2, zeroOut()) } });
 */
export function zeroOut(): Intervention {
  const zero = new HeldArray("value", 0);
  return specify(
    "zeroOut",
    (x, { site }) => mx.broadcastTo(zero.as(x.dtype, "zeroOut", site), x.shape),
    () => ({ type: "zeroOut" }),
  );
}

/**
 * Replaces an activation by given values.
 *
 * The value must have the activation's shape or broadcast to it: counted from the last, each of its axes is equal
 * to the activation's or 1, and leading axes may be missing. Nothing is cut or aligned.
 * The value is copied, and what the model receives is never the array that was given.
 *
 * @param value a number (infinities are allowed: `replaceWith(-Infinity)` removes attention scores), nested numbers, or an array
 * @returns an intervention whose result has the site's shape and dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for NaN or irregular lists; ValueShapeError (`VALUE_SHAPE`) when it
 *   does not broadcast; ValueDtypeError (`VALUE_DTYPE`) when fractions meet a site of integers
 * @example
 * replaceWith(0.5);
 * replaceWith(cache.get("layers.3"));
 */
export function replaceWith(value: Numbers | MxArray): Intervention {
  const held = new HeldArray("value", value, { infinities: true });
  return specify(
    "replaceWith",
    (x, { site }) => fill("replaceWith", held, x, site),
    (path) => ({ type: "replaceWith", value: held.toJSON([...path, "value"]) }),
  );
}

/**
 * Held values in the shape and dtype of an activation.
 *
 * @throws ValueShapeError (`VALUE_SHAPE`), ValueDtypeError (`VALUE_DTYPE`)
 */
export function fill(name: string, held: HeldArray, x: MxArray, site: string): MxArray {
  const { shape } = x;
  if (!broadcasts(held.shape, shape)) {
    throw new ValueShapeError(
      name,
      site,
      held.shape,
      shape,
      "Counted from the last, each axis of the value must be equal or 1.",
    );
  }
  return mx.broadcastTo(held.as(x.dtype, name, site), shape);
}

function broadcasts(from: readonly number[], to: readonly number[]): boolean {
  const lead = to.length - from.length;
  return lead >= 0 && from.every((size, axis) => size === 1 || size === to[lead + axis]);
}
