/** Pairs of a task from the text of a file. */
import { createRequire } from "node:module";
import { InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean } from "@mlxterp/results";
import { checkChoice, checkText } from "@mlxterp/results/errors";
import { z } from "zod";
import { answerChoice } from "../shared/schemas.js";
import type { TaskPair } from "./task.js";

const require = createRequire(import.meta.url);

/** The reader of CSV, from the first such file on. */
const csv = (): typeof import("csv-parse/sync") => require("csv-parse/sync");

const prompt = z.union([z.string().min(1), z.array(z.int().min(0)).min(1)]);
const span = z.union([z.string().min(1), z.tuple([z.int().min(0), z.int().min(1)])]);
const filePairs = z
  .array(
    z.object({
      clean: prompt,
      corrupted: prompt,
      answer: answerChoice,
      wrongAnswer: answerChoice,
      spans: z.array(z.strictObject({ clean: span, corrupted: span })).optional(),
    }),
  )
  .min(1);

/**
 * Pairs from the text of a file.
 *
 * JSON is a list of `{ clean, corrupted, answer, wrongAnswer, spans }`, where an answer is a token, `{ "any": [...] }` or `{ "sequence": ... }`,
 * and `spans` may be left out. CSV has these columns; in the place of `answer` there may be `anyAnswer` (several, with `|` between them) or
 * `answerSequence`, and so for the wrong answer (`anyWrongAnswer`, `wrongAnswerSequence`); spans are `cleanSpans` and `corruptedSpans`, with
 * `|` between several.
 *
 * @param format of the text
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) with what is wrong, and in which pair
 * @example
 * taskPairs('[{"clean":"a b","corrupted":"a c","answer":"d","wrongAnswer":"e"}]', "json").length; // 1
 */
export function taskPairs(content: string, format: "json" | "csv"): TaskPair[] {
  checkText("content", content);
  checkChoice("format", format, ["json", "csv"]);
  const data = format === "json" ? fromJson(content) : fromCsv(content);
  const found = filePairs.safeParse(data);
  if (found.success) return found.data;
  const [{ path, message }] = found.error.issues;
  const rule = `a task is a list of { clean, corrupted, answer, wrongAnswer, spans? }; ${path.join(".")}: ${message}`;
  throw new InvalidArgumentError("task", data, rule);
}

function fromJson(content: string): unknown {
  const rows = readable(content, "JSON", () => JSON.parse(content) as unknown);
  checkNames(rows, ["clean", "corrupted", "answer", "wrongAnswer", "spans"]);
  return rows;
}

function fromCsv(content: string): unknown {
  const options = { columns: true, skip_empty_lines: true, trim: false } as const;
  const rows = readable(
    content,
    "CSV",
    () => csv().parse(content, options) as Record<string, string>[],
  );
  const plain = ["clean", "corrupted", "answer", "wrongAnswer", "cleanSpans", "corruptedSpans"];
  checkNames(rows, [...plain, ...Object.keys(readers)]);
  return rows.map(pairOfRow);
}

/** Other columns, such as labels, are nobody's business; one that is nearly the name of a column here was meant to be it. */
function checkNames(rows: unknown, known: readonly string[]): void {
  if (!Array.isArray(rows)) return; // told by what is known of a task
  const names = new Set(rows.flatMap((row) => Object.keys((row ?? {}) as object)));
  for (const name of names) {
    const near = known.includes(name) ? "" : didYouMean(name, known);
    if (near === "") continue;
    throw new InvalidArgumentError(
      "task",
      name,
      `"${name}" is none of ${known.join(", ")}. ${near}`.trimEnd(),
    );
  }
}

function readable<T>(content: string, format: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new InvalidArgumentError("task", content.slice(0, 60), `is no ${format}: ${reason}.`);
  }
}

/** Columns beside those of every pair; an empty cell is none. */
const readers: Partial<Record<string, (cell: string) => object>> = {
  anyAnswer: (cell) => ({ answer: { any: cell.split("|") } }),
  answerSequence: (cell) => ({ answer: { sequence: cell } }),
  anyWrongAnswer: (cell) => ({ wrongAnswer: { any: cell.split("|") } }),
  wrongAnswerSequence: (cell) => ({ wrongAnswer: { sequence: cell } }),
};

function pairOfRow(row: Record<string, string>): Record<string, unknown> {
  const { cleanSpans = "", corruptedSpans = "", ...cells } = row;
  const pair: Record<string, unknown> = {};
  for (const [column, cell] of Object.entries(cells)) {
    const read = readers[column];
    if (cell === "" && (read || column in pair)) continue;
    const added = read ? read(cell) : { [column]: cell };
    const twice = Object.keys(added).find((name) => pair[name] !== undefined && pair[name] !== "");
    if (twice !== undefined) {
      const rule = `a row has more than one ${twice}: fill one of its columns.`;
      throw new InvalidArgumentError("task", row, rule);
    }
    Object.assign(pair, added);
  }
  if (cleanSpans === "" && corruptedSpans === "") return pair;
  const [own, other] = [cleanSpans.split("|"), corruptedSpans.split("|")];
  if (own.length === other.length) {
    return { ...pair, spans: own.map((clean, at) => ({ clean, corrupted: other[at] })) };
  }
  const rule = `${own.length} clean and ${other.length} corrupted spans make no pairs; give as many of each, with | between them.`;
  throw new InvalidArgumentError("task", row, rule);
}
