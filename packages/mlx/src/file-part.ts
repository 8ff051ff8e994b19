/** Stretches of a file, read when they are asked for. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { checkFunction, checkPath, checkWholeNumber } from "@mlxterp/results/errors";
import { CorruptFileError } from "./errors.js";
import { withFile } from "./file-failure.js";

/**
 * Reads a stretch of a file.
 *
 * @param endsEarly makes the error for a file that ends before. Default: CorruptFileError (`CORRUPT_FILE`)
 * @throws FileAccessError (`FILE_ACCESS`), and what `endsEarly` makes
 * @example
 * const magic = readFilePart("weights.pt", 0, 4);
 */
export function readFilePart(
  file: string,
  position: number,
  length: number,
  endsEarly: () => Error = () => new CorruptFileError(file, "it ends early (truncated?)"),
): Uint8Array {
  return readPart(file, position, length, endsEarly);
}

/** The same, with the methods of Node. */
export function readPart(
  file: string,
  position: number,
  length: number,
  endsEarly = (): Error => new CorruptFileError(file, "it ends early (truncated?)"),
): Buffer {
  checkPath("file", file);
  checkWholeNumber("position", position);
  checkWholeNumber("length", length);
  checkFunction("endsEarly", endsEarly);
  return withFile(file, () => {
    const descriptor = openSync(file, "r");
    try {
      const stats = fstatSync(descriptor);
      if (stats.isFile() && position + length > stats.size) throw endsEarly(); // before memory is taken for what is not there
      const bytes = Buffer.alloc(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(descriptor, bytes, filled, length - filled, position + filled);
        if (count === 0) throw endsEarly();
        filled += count;
      }
      return bytes;
    } finally {
      closeSync(descriptor);
    }
  });
}
