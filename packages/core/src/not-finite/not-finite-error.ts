/** The error of a result that is no number. */
import { MlxterpError } from "@mlxterp/mlx";
import type { NotFinite } from "./first-not-finite.js";

/** NaN or an infinity where a result was asked for, with the first site that has one. */
export class NotFiniteError extends MlxterpError {
  readonly code = "NOT_FINITE";
  constructor(
    /** What is not finite. */
    readonly what: string,
    /** Where it begins; undefined where every site of the pass is finite. */
    readonly first: NotFinite | undefined,
  ) {
    const where = first
      ? `The first value of the pass that is not finite is ${first.kind} at "${first.site}". Look at the interventions and weights there.`
      : "Every site of a pass over the same tokens is finite, so it comes about after the forward, or in one that depends on the step.";
    super(`${what} cannot be used: they are not finite. ${where}`);
  }
}
