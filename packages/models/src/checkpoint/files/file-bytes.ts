/** Reads a stretch of a file. */
import { closeSync, openSync, readSync } from "node:fs";
import { CorruptCheckpointError } from "../../errors.js";

/** @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when the file has become shorter since its header was read */
export function readFileBytes(file: string, position: number, length: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const read = readSync(descriptor, bytes, filled, length - filled, position + filled);
      if (read === 0) throw new CorruptCheckpointError(file, "it has become shorter");
      filled += read;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
