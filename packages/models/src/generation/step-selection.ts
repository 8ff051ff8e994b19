/** Which steps of a generation are meant. */
import { InvalidArgumentError } from "@mlxterp/mlx";

/** One step, several, a range with both ends, or whatever a function says; step 0 reads the prompt. */
export type StepSelection =
  | number
  | readonly number[]
  | { readonly from?: number; readonly to?: number }
  | ((step: number) => boolean);

/**
 * The test of a step; without a selection every one is meant.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what no step can be
 */
export function stepTest(selection: StepSelection = {}): (step: number) => boolean {
  if (typeof selection === "function") return selection;
  if (typeof selection === "number") return stepTest([selection]);
  if (isList(selection)) {
    selection.forEach(requireStep);
    const steps = new Set(selection);
    return (step) => steps.has(step);
  }
  const { from = 0, to = Number.POSITIVE_INFINITY } = selection;
  requireStep(from);
  if (to !== Number.POSITIVE_INFINITY) requireStep(to);
  return (step) => step >= from && step <= to;
}

function isList(selection: StepSelection): selection is readonly number[] {
  return Array.isArray(selection);
}

function requireStep(step: number): void {
  if (Number.isInteger(step) && step >= 0) return;
  throw new InvalidArgumentError("saveSteps", step, `${step} is no step: they count from 0.`);
}
