/** Adds a vector to every position: steering. */
import type { Intervention } from "@mlxterp/core";
import {
  checkFinite,
  checkOptions,
  InvalidArgumentError,
  isArray,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { toFloat32 } from "./dtypes.js";
import { ValueShapeError } from "./errors.js";
import { HeldArray } from "./held-array.js";
import { specify } from "./specification.js";

/** Options of `addVector`. */
export interface AddVectorOptions {
  /** The vector is multiplied by this before it is added. 1 by default. */
  readonly scale?: number;
}

/**
 * Adds a vector along the last axis of an activation, the same at every other index: (…, hidden) + (hidden).
 * Adding a direction to the residual stream steers what the model does (Turner et al. 2023, "Activation addition").
 * Wrap it in `atPositions` to steer some tokens only.
 *
 * @param vector as long as the site's last axis; copied
 * @returns an intervention for a site of shape (…, vector.length); the result has the site's dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless the vector has one axis of finite numbers;
 *   ValueShapeError (`VALUE_SHAPE`) at a site of another length; ValueDtypeError (`VALUE_DTYPE`) at a site of integers
 * @example
 * await model.run(prompt, { interventions: { "layers.2": addVector(direction, { scale: 4 }) } });
 */
export function addVector(
  vector: readonly number[] | MxArray,
  options: AddVectorOptions = {},
): Intervention {
  checkOptions<AddVectorOptions>("addVector", options, { scale: checkFinite });
  const factor = options.scale;
  const held = new HeldArray("vector", vector);
  if (held.shape.length !== 1) {
    const rule = `must have one axis, but has shape [${held.shape.join(", ")}].`;
    throw new InvalidArgumentError("vector", vector, rule);
  }
  const scaled = factor === undefined ? held : new HeldArray("vector", times(vector, factor));
  return specify(
    "addVector",
    (x, { site }) => {
      const { shape } = x;
      if (shape[shape.length - 1] !== held.shape[0]) {
        throw new ValueShapeError(
          "addVector",
          site,
          held.shape,
          shape,
          `The vector must be as long as the last axis, ${shape[shape.length - 1] ?? "which is missing"}.`,
        );
      }
      return mx.add(x, scaled.as(x.dtype, "addVector", site));
    },
    (path) => ({
      type: "addVector",
      vector: held.toJSON([...path, "vector"]),
      ...(factor !== undefined && { scale: factor }),
    }),
  );
}

function times(vector: readonly number[] | MxArray, factor: number): number[] | MxArray {
  return isArray(vector)
    ? mx.multiply(toFloat32(vector), factor)
    : vector.map((value) => value * factor);
}
