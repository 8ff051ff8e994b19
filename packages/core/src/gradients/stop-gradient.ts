/** The gradient intervention that lets nothing through. */
import { checkArray, mx } from "@mlxterp/mlx";
import type { GradientIntervention } from "./options.js";

/**
 * Treats a site's value as a constant: no gradient flows back through it, so that for instance attention patterns or
 * norm denominators count as fixed. Costs no further pass.
 * Source: Nanda 2023, "Attribution Patching" (frozen norms); Dunefsky et al. 2024, arXiv 2406.11944 (frozen patterns).
 *
 * @returns zeros of the same shape and dtype
 * @example
 * const { gradients } = await model.gradients(prompt, metric, {
 *   save: "layers.*",
 *   gradInterventions: { "layers.*.selfAttn.pattern": stopGradient },
 * });
 */
export const stopGradient: GradientIntervention = (gradient) =>
  mx.zerosLike(checkArray("gradient", gradient));
