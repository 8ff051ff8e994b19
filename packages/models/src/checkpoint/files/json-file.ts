/** Reads a JSON file of a checkpoint. */
import { readFileSync } from "node:fs";
import { CorruptCheckpointError } from "../../errors.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) for bytes that are no UTF-8
 */
export function readTextFile(file: string): string {
  const bytes = readFileSync(file);
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new CorruptCheckpointError(file, "it is not UTF-8", { cause });
  }
}

/** @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when it is not JSON */
export function readJsonFile(file: string): unknown {
  const text = readTextFile(file);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CorruptCheckpointError(file, `it is not JSON (${reason})`, { cause });
  }
}
