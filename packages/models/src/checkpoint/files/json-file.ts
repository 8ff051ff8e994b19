/** Reads a JSON file of a checkpoint, as Python reads it. */
import { isUtf8 } from "node:buffer";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileSize, withFile } from "@mlxterp/mlx";
import { CorruptCheckpointError } from "../../errors.js";

/** What a checkpoint's JSON may be nested, far more than any is: deeper ones exhaust the stack of whoever looks at them. */
const deepest = 200;
const mostBytes = 256 * 2 ** 20;

/**
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when it is not JSON or not text; FileAccessError (`FILE_ACCESS`)
 */
export function readJsonFile(file: string): unknown {
  return parseJson(readTextFile(file), file);
}

/** @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when it is not UTF-8; FileAccessError (`FILE_ACCESS`) */
export function readTextFile(file: string): string {
  const size = fileSize(file);
  if (size > mostBytes) {
    throw new CorruptCheckpointError(
      file,
      `it has ${size} bytes, where such files have at most ${mostBytes}`,
    );
  }
  const bytes = withFile(file, () => readFileSync(file));
  if (isUtf8(bytes)) return bytes.toString("utf8");
  throw new CorruptCheckpointError(file, "it is not UTF-8");
}

function parseJson(text: string, file: string): unknown {
  if (depthOf(text) > deepest) {
    throw new CorruptCheckpointError(file, `it is nested more than ${deepest} deep`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const read = parsePython(text);
    if (read !== undefined) return read;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CorruptCheckpointError(file, `it is not JSON (${reason})`, { cause });
  }
}

/** How deep brackets are within each other; those in strings are text. One step a character, as files have millions. */
function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at);
    else if (character === "[" || character === "{") most = Math.max(most, ++depth);
    else if (character === "]" || character === "}") depth--;
  }
  return most;
}

/** Where the string ends that begins at a quotation mark. One without an end takes the rest; parsing tells. */
function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === "\\") before--;
  return (at - before) % 2 === 0;
}

/** What is between strings, changed; one look at each character, however a damaged file has its quotation marks. */
function replaceOutsideStrings(text: string, change: (part: string) => string): string {
  let changed = "";
  let from = 0;
  for (let at = text.indexOf('"'); at !== -1; at = text.indexOf('"', from)) {
    const after = endOfString(text, at) + 1;
    changed += change(text.slice(from, at)) + text.slice(at, after);
    from = after;
  }
  return changed + change(text.slice(from));
}

/**
 * Python writes and reads numbers that JSON does not have. They stay what they are, since a default in the place of one
 * would be another model: infinity is too large a number, and what is none has a text that is nowhere else.
 *
 * @returns undefined for what Python does not read either
 */
function parsePython(text: string): unknown {
  const none = `NaN ${randomUUID()}`;
  const written: Readonly<Record<string, string>> = {
    ...{ Infinity: "1e999", "-Infinity": "-1e999", NaN: `"${none}"` },
  };
  const numbers = /-?\bInfinity\b|\bNaN\b/g;
  const named = replaceOutsideStrings(text, (part) =>
    part.replace(numbers, (number) => written[number]),
  );
  if (named === text) return undefined;
  try {
    return JSON.parse(named, (_, value: unknown) => (value === none ? Number.NaN : value));
  } catch {
    return undefined; // told with what JSON says of the whole
  }
}
