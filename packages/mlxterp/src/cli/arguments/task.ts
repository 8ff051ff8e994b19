/** The option `--task`: pairs of prompts with answers that come along, or from a file. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Task } from "@mlxterp/analysis";
import { taskNames } from "@mlxterp/analysis/methods";
import type { LanguageModel } from "@mlxterp/models";
import { UsageError } from "./failure.js";
import { integer, type OptionTable, type OptionValues, text } from "./options.js";

export const taskOptions = {
  task: text(`${taskNames.join(", ")}, or a .json or .csv file of pairs`, "task"),
  pairs: integer("pairs of a task that comes along; default 8", { minimum: 1 }),
} satisfies OptionTable;

/** A task, before there is a model to make it for. */
export interface AskedTask {
  readonly task: string;
  readonly size: number | undefined;
}

/** @throws UsageError for prompts or answers beside a task, which has its own */
export function askedTask(
  values: OptionValues<OptionTable>,
  options: Readonly<Record<string, unknown>>,
): AskedTask | undefined {
  const { task, pairs, clean, corrupted } = values as Record<string, string | number | undefined>;
  if (task === undefined) {
    if (pairs !== undefined) throw new UsageError("--pairs counts the pairs of a --task.");
    return undefined;
  }
  const { answer, wrongAnswer } = options;
  const given = { clean, corrupted, answer, "wrong-answer": wrongAnswer };
  const beside = Object.entries(given).find(([, value]) => value !== undefined);
  if (beside)
    throw new UsageError(`--${beside[0]} cannot stand beside --task, which brings its own.`);
  return { task: String(task), size: pairs as number | undefined };
}

export function isAskedTask(input: unknown): input is AskedTask {
  return typeof input === "object" && input !== null && "task" in input;
}

/** The task with this model's tokens. */
export async function openTask(
  model: LanguageModel,
  { task, size }: AskedTask,
  folder: string,
): Promise<Task> {
  const { builtInTask, createTask, taskPairs } = await import("@mlxterp/analysis"); // loads the binding
  const format = /\.(json|csv)$/.exec(task)?.[1];
  if (!format) return builtInTask(model, task, size === undefined ? {} : { size });
  const file = resolve(folder, task);
  const { withFiles } = await import("@mlxterp/mlx");
  const content = await withFiles(file, () => readFile(file, "utf8"));
  const pairs = taskPairs(content, format as "json" | "csv");
  return createTask(model, task, pairs.slice(0, size));
}
