/** A task by its name. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { builtInTasks, taskMetrics } from "./built-in.js";
import { taskNames } from "./names.js";
import { createTask, type Task } from "./task.js";

/** How many pairs, and of which draw; see `builtInTask`. */
export interface TaskOptions {
  /** Default: 8. */
  readonly size?: number;
  /** Default: 0. */
  readonly seed?: number;
}

/**
 * A task that comes along, with words that this model's tokenizer has as one token: one of `taskNames`.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another name, with the nearest; for a tokenizer without such words; for
 *   a size that is no positive integer
 * @example
 * const ioi = builtInTask(model, "ioi", { size: 4 });
 * ioi.pairs.clean.length; // 4
 */
export function builtInTask(
  model: AnalysisModel,
  name: string,
  { size = 8, seed = 0 }: TaskOptions = {},
): Task {
  const known = taskNames.find((one) => one === name);
  if (!known) {
    const rule = `"${name}" is no task that comes along.${didYouMean(name, [...taskNames])} There are ${taskNames.join(", ")}.`;
    throw new InvalidArgumentError("task", name, rule);
  }
  for (const [option, value] of Object.entries({ size, seed })) {
    if (Number.isInteger(value) && value >= (option === "size" ? 1 : 0)) continue;
    throw new InvalidArgumentError(option, value, `must be a whole number, not ${value}.`);
  }
  const metric = taskMetrics[known];
  return createTask(model, name, builtInTasks[known](model, { size, seed }), metric && { metric });
}
