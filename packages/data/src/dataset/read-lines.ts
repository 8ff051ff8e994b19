/** Datasets in line-delimited files, read as they are needed. */
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { CorruptFileError, checkPath, checkText, fileFailure } from "@mlxterp/mlx";

/**
 * The lines of a text file, without the empty ones.
 *
 * @param file in UTF-8
 * @returns can be gone through again, from the start
 * @throws FileAccessError (`FILE_ACCESS`) for a file that is missing or cannot be read
 * @example
 * for await (const batch of streamActivations(model, readLines("stories.txt"), { save: "layers.3" })) {
 *   batch.activations["layers.3"]; // (rows, hidden)
 * }
 */
export function readLines(file: string): AsyncIterable<string> {
  checkPath("file", file);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const { line } of numberedLines(file)) yield line;
    },
  };
}

/**
 * One field of every object of a JSON-lines file.
 *
 * @param field holds a text or a list of token ids; default `text`
 * @returns can be gone through again, from the start
 * @throws CorruptFileError (`CORRUPT_FILE`) with the number of the line that is not JSON or lacks the field
 * @example
 * await collectToDisk(model, readJsonLines("pile.jsonl"), { folder: "activations", save: "layers.3" });
 */
export function readJsonLines(file: string, field = "text"): AsyncIterable<string | number[]> {
  checkPath("file", file);
  checkText("field", field);
  return {
    async *[Symbol.asyncIterator]() {
      for await (const { line, number } of numberedLines(file)) {
        yield promptIn(line, field, file, number);
      }
    },
  };
}

async function* numberedLines(file: string) {
  const stream = createReadStream(file, "utf8");
  try {
    let number = 0;
    for await (const line of createInterface({
      input: stream,
      crlfDelay: Number.POSITIVE_INFINITY,
    })) {
      number++;
      if (line.trim() !== "") yield { line, number };
    }
  } catch (error) {
    throw fileFailure(error, file);
  } finally {
    stream.destroy();
  }
}

function promptIn(line: string, field: string, file: string, number: number): string | number[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (cause) {
    throw new CorruptFileError(file, `line ${number} is not JSON`, { cause });
  }
  const value = (parsed as Record<string, unknown> | null)?.[field];
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every(Number.isInteger)) return value as number[];
  throw new CorruptFileError(file, `line ${number} has no text or ids in its field "${field}"`);
}
