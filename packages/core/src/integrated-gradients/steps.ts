/** Where on a path gradients are taken, and how much each counts. */
import { InvalidArgumentError } from "@mlxterp/mlx";

export interface Step {
  /** From 0, the baseline, to 1. */
  readonly alpha: number;
  readonly weight: number;
}

/** Points that lie closer than this many to a path differ by less than float32 tells apart. */
const most = 2 ** 20;

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless there is a whole number of steps, for ends at least two, and
 * no more than can differ
 */
export function stepsOf(count: number, rule: "midpoint" | "trapezoid"): Step[] {
  const least = rule === "midpoint" ? 1 : 2;
  if (!Number.isInteger(count) || count < least || count > most) {
    const text = `the ${rule} rule takes a whole number from ${least} to ${most}, not ${count}.`;
    throw new InvalidArgumentError("steps", count, text);
  }
  return Array.from({ length: count }, (_, index) => {
    if (rule === "midpoint") return { alpha: (index + 0.5) / count, weight: 1 / count };
    const end = index === 0 || index === count - 1;
    return { alpha: index / (count - 1), weight: (end ? 0.5 : 1) / (count - 1) };
  });
}
