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
import { z } from "zod";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { ValueShapeError } from "../errors.js";
import { toFloat32 } from "../values/dtypes.js";
import { HeldArray } from "../values/held-array.js";
import type { TypedNumbers } from "../values/numbers.js";

/** Its data. */
export const addVectorDefinition = defineIntervention({
  type: "addVector",
  fields: { vector: arrayField(), scale: z.number().optional() },
  make({ vector, scale }) {
    const { shape: given } = vector;
    if (given.length !== 1) {
      const rule = `must have one axis, but has shape [${given.join(", ")}].`;
      throw new InvalidArgumentError("vector", vector.given, rule);
    }
    const scaled = scale === undefined ? vector : times(vector, scale);
    return (x, { site }) => {
      requireLength(given, x.shape, site);
      return mx.add(x, scaled.as(x.dtype, "addVector", site));
    };
  },
});

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
  vector: readonly number[] | TypedNumbers | MxArray,
  options: AddVectorOptions = {},
): Intervention {
  checkOptions<AddVectorOptions>("addVector", options, { scale: checkFinite });
  const held = new HeldArray("vector", vector);
  return addVectorDefinition.create({ vector: held, scale: options.scale });
}

function requireLength(given: readonly number[], shape: readonly number[], site: string): void {
  const last = shape[shape.length - 1];
  if (last === given[0]) return;
  const rule = `The vector must be as long as the last axis, ${last ?? "which is missing"}.`;
  throw new ValueShapeError("addVector", site, given, shape, rule);
}

function times({ given }: HeldArray, factor: number): HeldArray {
  const product = isArray(given)
    ? mx.multiply(toFloat32(given), factor)
    : (given as readonly number[]).map((value) => value * factor);
  return new HeldArray("vector", product);
}
