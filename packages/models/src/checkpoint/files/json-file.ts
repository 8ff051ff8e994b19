/** Reads a JSON file of a checkpoint. */
import { readFileSync } from "node:fs";
import { CorruptCheckpointError } from "../../errors.js";

/** @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when it is not JSON */
export function readJsonFile(file: string): unknown {
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CorruptCheckpointError(file, `it is not JSON (${reason})`, { cause });
  }
}
