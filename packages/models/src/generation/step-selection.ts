/** Which steps of a generation are meant. */
import { brief, checkFunction, checkOptions, InvalidArgumentError } from "@mlxterp/mlx";

interface StepRange {
  readonly from?: number;
  readonly to?: number;
}

/** One step, several, a range without its `to` as in `slice`, or whatever a function says; step 0 reads the prompt. */
export type StepSelection = number | readonly number[] | StepRange | ((step: number) => boolean);

/**
 * The test of a step; without a selection every one is meant.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what no step can be
 */
export function stepTest(selection: StepSelection = {}): (step: number) => boolean {
  if (typeof selection === "function") {
    checkFunction("saveSteps", selection);
    return selection;
  }
  if (typeof selection === "number") return stepTest([selection]);
  if (isList(selection)) {
    for (const step of selection) requireStep("saveSteps", step);
    const steps = new Set(selection);
    return (step) => steps.has(step);
  }
  checkOptions<StepRange>("saveSteps", selection, { from: requireStep, to: requireStep });
  const { from = 0, to = Number.POSITIVE_INFINITY } = selection;
  return (step) => step >= from && step < to;
}

function isList(selection: StepSelection): selection is readonly number[] {
  return Array.isArray(selection);
}

function requireStep(_: string, step: unknown): void {
  if (Number.isInteger(step) && (step as number) >= 0) return;
  const rule = `${brief(step)} is no step: they count from 0.`;
  throw new InvalidArgumentError("saveSteps", step, rule);
}
