/** What a method is asked when it is given a task: the task's pairs, its answers and its metric. */

import { fieldsOf, InvalidArgumentError, type Method } from "@mlxterp/results";
import { checkRecord } from "@mlxterp/results/errors";
import type { z } from "zod";
import type { Task } from "./task.js";

type Options = Readonly<Record<string, unknown>>;

/**
 * The options of a method with those that a task brings: its answers, where the method asks for any, and the metric that its
 * paper judges by, where the method has it and no other is given.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for answers beside those of the task
 * @example
 * const ioi = builtInTask(model, "ioi", { size: 2 });
 * const method = methods.find(({ name }) => name === "patch")!;
 * const { answer } = askedOfTask(method, ioi, {}) as { answer: number[] };
 * answer.length; // 2
 */
export function askedOfTask(method: Method, task: Task, options: Options): Options {
  checkRecord("method", method);
  checkRecord("task", task);
  checkRecord("task.question", task.question);
  checkRecord("options", options);
  const { question, metric } = task;
  const fields = new Map(fieldsOf(method.options).map((field) => [field.name, field.schema]));
  const beside = Object.keys(question).find((name) => options[name] !== undefined);
  if (beside) {
    const rule = "cannot stand beside a task, which brings its own.";
    throw new InvalidArgumentError(`${method.name}: ${beside}`, options[beside], rule);
  }
  const judged = fields.get("metric") as z.ZodType | undefined;
  const judges = metric !== undefined && judged?.safeParse(metric).success;
  const answers = Object.entries(question).filter(([name]) => fields.has(name));
  return { ...(judges && { metric }), ...options, ...Object.fromEntries(answers) };
}
