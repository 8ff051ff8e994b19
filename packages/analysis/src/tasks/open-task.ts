/** A task by its name, or from a file of pairs. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean } from "@mlxterp/results";
import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { AnalysisModel } from "../shared/model.js";
import { builtInTasks } from "./built-in.js";
import { taskNames } from "./names.js";
import { createTask, type Task, type TaskPair } from "./task.js";

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
  return createTask(model, name, builtInTasks[known](model, { size, seed }));
}

const prompt = z.union([z.string().min(1), z.array(z.int().min(0)).min(1)]);
const answer = z.union([z.string().min(1), z.int().min(0)]);
const filePairs = z
  .array(z.object({ clean: prompt, corrupted: prompt, answer, wrongAnswer: answer }))
  .min(1);

/**
 * Pairs from the text of a file: JSON, a list of `{ clean, corrupted, answer, wrongAnswer }`, or CSV with these columns.
 *
 * @param format of the text
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) with what is wrong, and in which pair
 * @example
 * taskPairs('[{"clean":"a b","corrupted":"a c","answer":"d","wrongAnswer":"e"}]', "json").length; // 1
 */
export function taskPairs(content: string, format: "json" | "csv"): TaskPair[] {
  const read = () =>
    format === "json"
      ? (JSON.parse(content) as unknown)
      : (parse(content, { columns: true, skip_empty_lines: true, trim: false }) as unknown);
  let data: unknown;
  try {
    data = read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError(
      "task",
      content.slice(0, 60),
      `is no ${format.toUpperCase()}: ${reason}.`,
    );
  }
  const found = filePairs.safeParse(data);
  if (found.success) return found.data;
  const [{ path, message }] = found.error.issues;
  const rule = `a task is a list of { clean, corrupted, answer, wrongAnswer }; ${path.join(".")}: ${message}`;
  throw new InvalidArgumentError("task", data, rule);
}
