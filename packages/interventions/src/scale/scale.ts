/** Multiplies an activation by a number. */
import type { Intervention } from "@mlxterp/core";
import { checkFinite, mx } from "@mlxterp/mlx";
import { z } from "zod";
import { defineIntervention } from "../definition/define-intervention.js";
import { keepDtype, requireExact } from "../values/dtypes.js";

/** Its data. */
export const scaleDefinition = defineIntervention({
  type: "scale",
  fields: { factor: z.number() },
  make:
    ({ factor }) =>
    (x, { site }) => {
      requireExact("scale", site, factor, x.dtype);
      return keepDtype(x, mx.multiply(x, factor));
    },
});

/**
 * Multiplies an activation by a number: 0.5 weakens a component, 2 amplifies it, -1 turns it around.
 * In half precision the factor is rounded to the activation's dtype first.
 *
 * @param factor finite
 * @returns an intervention for a site of any shape and dtype
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for NaN or an infinity;
 *   ValueDtypeError (`VALUE_DTYPE`) when a fraction meets a site of integers
 * @example
 * await model.run("The capital of France is", { interventions: { "layers.3.mlp": scale(0.5) } });
 */
export function scale(factor: number): Intervention {
  checkFinite("factor", factor);
  return scaleDefinition.create({ factor });
}
