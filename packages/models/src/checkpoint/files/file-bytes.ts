/** Reads a stretch of a file. */
import { closeSync, openSync, readSync } from "node:fs";
import { withFile } from "@mlxterp/mlx";
import { CorruptCheckpointError } from "../../errors.js";

/** @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`) when the file has become shorter since its header was read */
export function readFileBytes(file: string, position: number, length: number): Buffer {
  return withFile(file, () => read(file, position, length));
}

function read(file: string, position: number, length: number): Buffer {
  const descriptor = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(descriptor, bytes, filled, length - filled, position + filled);
      if (count === 0) throw new CorruptCheckpointError(file, "it has become shorter");
      filled += count;
    }
    return bytes;
  } finally {
    closeSync(descriptor);
  }
}
