/** Reads a JSON file of a checkpoint, as Python reads it. */
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
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CorruptCheckpointError(file, "it is not UTF-8", { cause });
  }
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

const strings = /"(?:[^"\\]|\\.)*"/g;

function depthOf(text: string): number {
  let [depth, most] = [0, 0];
  for (const bracket of text.replace(strings, "").replace(/[^[\]{}]/g, "")) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > most) most = depth;
  }
  return most;
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
  const numbers = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;
  const named = text.replace(numbers, (token) => written[token] ?? token);
  if (named === text) return undefined;
  try {
    return JSON.parse(named, (_, value: unknown) => (value === none ? Number.NaN : value));
  } catch {
    return undefined; // told with what JSON says of the whole
  }
}
