/** Stretches of a file, read when they are asked for. */
import { closeSync, openSync, readSync } from "node:fs";
import { CorruptFileError } from "../errors.js";
import { withFile } from "../file-failure.js";

/** @throws CorruptFileError (`CORRUPT_FILE`) where the file ends before; FileAccessError (`FILE_ACCESS`) */
export function readPart(file: string, position: number, length: number): Buffer {
  return withFile(file, () => {
    const descriptor = openSync(file, "r");
    try {
      const bytes = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(descriptor, bytes, filled, length - filled, position + filled);
        if (count === 0) throw new CorruptFileError(file, "it ends early (truncated?)");
        filled += count;
      }
      return bytes;
    } finally {
      closeSync(descriptor);
    }
  });
}
