/** A task by its name. */
import { checkModel } from "@mlxterp/core";
import { checkText, InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean, parseOptions } from "@mlxterp/results";
import { z } from "zod";
import type { AnalysisModel } from "../shared/model.js";
import { builtInTasks, taskMetrics } from "./built-in.js";
import { taskNames } from "./names.js";
import { createTask, type Task } from "./task.js";

const taskOptions = z.object({
  size: z.int().min(1).default(8).describe("pairs"),
  seed: z.int().min(0).default(0).describe("of their draw"),
});

/** How many pairs, and of which draw; see `builtInTask`. */
export type TaskOptions = z.input<typeof taskOptions>;

/**
 * A task that comes along, with words that this model's tokenizer has as one token: one of `taskNames`.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for another name, with the nearest; for a tokenizer without such words; for
 *   a size that is no positive integer
 * @example
 * const ioi = builtInTask(model, "ioi", { size: 4 });
 * ioi.pairs.clean.length; // 4
 */
export function builtInTask(model: AnalysisModel, name: string, options?: TaskOptions): Task {
  checkModel("model", model);
  checkText("task", name);
  const known = taskNames.find((one) => one === name);
  if (!known) {
    const rule = `"${name}" is no task that comes along. ${didYouMean(name, [...taskNames])}There are ${taskNames.join(", ")}.`;
    throw new InvalidArgumentError("task", name, rule);
  }
  const { size, seed } = parseOptions("builtInTask", taskOptions, options);
  const metric = taskMetrics[known];
  return createTask(model, name, builtInTasks[known](model, { size, seed }), metric && { metric });
}
