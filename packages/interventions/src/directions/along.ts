/** Keeping or removing what an activation says along given directions. */
import type { Intervention } from "@mlxterp/core";
import { fromFlat, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { ValueShapeError } from "../errors.js";
import { keepDtype, requireFloating, toFloat32 } from "../values/dtypes.js";
import type { HeldArray } from "../values/held-array.js";
import type { TypedNumbers } from "../values/numbers.js";
import { orthonormalise } from "./orthonormalise.js";

/** One direction, or several as rows: (hidden) or (directions, hidden). */
export type Directions =
  | (readonly number[] | TypedNumbers)
  | readonly (readonly number[] | TypedNumbers)[]
  | MxArray;

/** What is made of an activation's coordinates along orthonormal directions. */
type Finish = (x: MxArray, coordinates: MxArray, basis: MxArray) => MxArray;

/**
 * An intervention along directions: `finish` gets the activation (…, hidden), its coordinates (…, directions) and the
 * basis (directions, hidden), in float32.
 */
export function along(type: string, held: HeldArray, finish: Finish): Intervention {
  const { rows, length } = requireRows(held);
  const basis = orthonormalise(rows);
  const across = fromFlat(Float32Array.from(basis.flat()), [basis.length, length]); // (directions, hidden)
  const along = across.T; // (hidden, directions)
  return (x, { site }) => {
    requireFloating(type, site, x.dtype);
    const { shape } = x;
    if (shape[shape.length - 1] !== length) {
      const rule = `A direction must be as long as the last axis, ${shape[shape.length - 1]}.`;
      throw new ValueShapeError(type, site, held.shape, shape, rule);
    }
    const wide = toFloat32(x); // a product of half precision would end the process on the CPU
    return keepDtype(x, finish(wide, mx.matmul(wide, along), across));
  };
}

function requireRows(held: HeldArray): { rows: number[][]; length: number } {
  const { given } = held;
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
