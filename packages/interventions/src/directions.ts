/** Keeping or removing what an activation says along given directions. */
import type { Intervention } from "@mlxterp/core";
import { fromFlat, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { keepDtype, requireFloating, toFloat32 } from "./dtypes.js";
import { ValueShapeError } from "./errors.js";
import { HeldArray } from "./held-array.js";
import { orthonormalise } from "./orthonormalise.js";
import { specify } from "./specification.js";

/** One direction, or several as rows: (hidden) or (directions, hidden). */
export type Directions = readonly number[] | readonly (readonly number[])[] | MxArray;

/**
 * Keeps only the part of an activation that lies in the span of the directions: x ↦ U Uᵀ x along the last axis.
 *
 * Length does not matter and several directions need not be orthogonal: they are orthonormalised in double
 * precision. The product is computed in float32 and cast back.
 *
 * @param directions (hidden) or (directions, hidden), as long as the site's last axis; copied, and an array is evaluated
 * @returns an intervention for a floating-point site of shape (…, hidden)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a zero direction; ValueShapeError (`VALUE_SHAPE`) at a site of another length;
 *   ValueDtypeError (`VALUE_DTYPE`) at a site of integers
 * @example
 * await model.run(prompt, { interventions: { "layers.2": project(direction) } });
 */
export function project(directions: Directions): Intervention {
  return along("project", directions, (_x, coordinates, basis) => mx.matmul(coordinates, basis));
}

/**
 * Removes the part of an activation that lies in the span of the directions: x ↦ x − U Uᵀ x along the last axis
 * (directional ablation, Arditi et al. 2024). Afterwards the activation has no component along any of them.
 *
 * @param directions as for `project`
 * @returns an intervention for a floating-point site of shape (…, hidden)
 * @throws as `project`
 * @example
 * await model.run(prompt, { interventions: { "layers.*": ablateDirection(direction) } });
 */
export function ablateDirection(directions: Directions): Intervention {
  return along("ablateDirection", directions, (x, coordinates, basis) =>
    mx.addmm(x, coordinates, basis, -1),
  );
}

function along(
  type: "project" | "ablateDirection",
  directions: Directions,
  finish: (x: MxArray, coordinates: MxArray, basis: MxArray) => MxArray,
): Intervention {
  const held = new HeldArray("directions", directions);
  const { rows, length } = requireRows(held, directions);
  const basis = orthonormalise(rows);
  const across = fromFlat(Float32Array.from(basis.flat()), [basis.length, length]); // (directions, hidden)
  const along = across.T; // (hidden, directions)
  return specify(
    type,
    (x, { site }) => {
      requireFloating(type, site, x.dtype);
      const { shape } = x;
      if (shape[shape.length - 1] !== length) {
        const rule = `A direction must be as long as the last axis, ${shape[shape.length - 1]}.`;
        throw new ValueShapeError(type, site, held.shape, shape, rule);
      }
      const wide = toFloat32(x); // a product of half precision would end the process on the CPU
      return keepDtype(x, finish(wide, mx.matmul(wide, along), across));
    },
    (path) => ({ type, directions: held.toJSON([...path, "directions"]) }),
  );
}

function requireRows(held: HeldArray, given: Directions): { rows: number[][]; length: number } {
  const { flat, shape } = held.host();
  if (shape.length !== 1 && shape.length !== 2) {
    const rule = `must have shape [hidden] or [directions, hidden], not [${shape.join(", ")}].`;
    throw new InvalidArgumentError("directions", given, rule);
  }
  const length = shape[shape.length - 1];
  const rows = Array.from({ length: flat.length / length }, (_, row) =>
    Array.from({ length }, (_, column) => flat[row * length + column]),
  );
  if (rows.some((row) => row.every((value) => value === 0))) {
    throw new InvalidArgumentError(
      "directions",
      given,
      "must not contain a zero vector, which points nowhere.",
    );
  }
  if (rows.some((row) => !row.every(Number.isFinite))) {
    throw new InvalidArgumentError("directions", given, "must hold finite numbers.");
  }
  return { rows, length };
}
