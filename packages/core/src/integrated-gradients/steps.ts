/** Where on a path gradients are taken, and how much each counts. */
import { InvalidArgumentError } from "@mlxterp/mlx";

export interface Step {
  /** From 0, the baseline, to 1. */
  readonly alpha: number;
  readonly weight: number;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there is a whole number of steps, for ends at least two */
export function stepsOf(count: number, rule: "midpoint" | "trapezoid"): Step[] {
  const least = rule === "midpoint" ? 1 : 2;
  if (!Number.isInteger(count) || count < least) {
    const text = `the ${rule} rule takes a whole number of at least ${least}, not ${count}.`;
    throw new InvalidArgumentError("steps", count, text);
  }
  return Array.from({ length: count }, (_, index) => {
    if (rule === "midpoint") return { alpha: (index + 0.5) / count, weight: 1 / count };
    const end = index === 0 || index === count - 1;
    return { alpha: index / (count - 1), weight: (end ? 0.5 : 1) / (count - 1) };
  });
}
