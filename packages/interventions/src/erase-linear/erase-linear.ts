/** Removes a linear part of an activation: what an eraser of low rank takes away. */
import type { Intervention } from "@mlxterp/core";
import { checkOptions, fromFlat, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { defineIntervention } from "../definition/define-intervention.js";
import { arrayField } from "../definition/fields.js";
import { ValueShapeError } from "../errors.js";
import { keepDtype, requireFloating, toFloat32 } from "../values/dtypes.js";
import { HeldArray } from "../values/held-array.js";
import type { Numbers } from "../values/numbers.js";

/** Its data. */
export const eraseLinearDefinition = defineIntervention({
  type: "eraseLinear",
  fields: { mean: arrayField(), reads: arrayField(), writes: arrayField() },
  make({ mean, reads, writes }) {
    const [length] = mean.shape;
    const rank = reads.shape.length; // one direction needs no list around it
    const fits = mean.shape.length === 1 && rank <= 2 && reads.shape[rank - 1] === length;
    if (!fits || reads.shape.join() !== writes.shape.join()) {
      const rule = `needs mean [hidden], reads and writes [rank, hidden], not [${mean.shape}], [${reads.shape}] and [${writes.shape}].`;
      throw new InvalidArgumentError("reads", reads.given, rule);
    }
    const host = (held: HeldArray) =>
      fromFlat(Float32Array.from(held.host().flat), [held.host().flat.length / length, length]);
    const [centre, across, back] = [host(mean).reshape([length]), host(reads).T, host(writes)];
    return (x, { site }) => {
      requireFloating("eraseLinear", site, x.dtype);
      const { shape } = x;
      if (shape[shape.length - 1] !== length) {
        const rule = `The eraser must be as long as the last axis, ${shape[shape.length - 1]}.`;
        throw new ValueShapeError("eraseLinear", site, mean.shape, shape, rule);
      }
      const wide = toFloat32(x);
      const read = mx.matmul(mx.subtract(wide, centre), across);
      return keepDtype(x, mx.addmm(wide, read, back, -1));
    };
  },
});

/** The parts of an eraser. */
export interface LinearEraser {
  /** (hidden): where it changes nothing. */
  readonly mean: Numbers | MxArray;
  /** (rank, hidden), or (hidden) for one: what is read of an activation. */
  readonly reads: Numbers | MxArray;
  /** Likewise: what is taken away for each. */
  readonly writes: Numbers | MxArray;
}

/**
 * Takes away what an eraser reads: x ↦ x − ((x − mean) · readsᵀ) · writes.
 *
 * @param eraser such as `leace` makes
 * @returns an intervention for a floating-point site of shape (…, hidden)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for shapes that do not fit each other; ValueShapeError (`VALUE_SHAPE`)
 * @example
 * const eraser = { mean: new Array(128).fill(0), reads: [new Array(128).fill(1)], writes: [new Array(128).fill(1 / 128)] };
 * await model.run(prompt, { interventions: { "layers.2": eraseLinear(eraser) } }); // without its mean
 */
export function eraseLinear(eraser: LinearEraser): Intervention {
  checkOptions<LinearEraser>("eraseLinear", eraser, { mean: true, reads: true, writes: true });
  const { mean, reads, writes } = eraser;
  return eraseLinearDefinition.create({
    mean: new HeldArray("mean", mean),
    reads: new HeldArray("reads", reads),
    writes: new HeldArray("writes", writes),
  });
}
