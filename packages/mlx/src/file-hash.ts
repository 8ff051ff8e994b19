/** Hashes of files, so that damage is found that leaves a file's size and header as they were. */

import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import {
  checkFunction,
  checkList,
  checkOptions,
  checkPath,
  checkRecord,
  checkSignal,
  checkText,
} from "@mlxterp/results/errors";
import { CorruptFileError } from "./errors.js";
import { withFile } from "./file-failure.js";

/** A file and the hash of what was written to it. */
export interface HashedFile {
  readonly path: string;
  /** SHA-256, in hexadecimal. */
  readonly sha256: string;
}

export interface VerifyOptions {
  /** Called after each file. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
  /** Stops before the next file; the promise then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const chunk = 2 ** 20;

/**
 * SHA-256 of a file of any size, in hexadecimal.
 *
 * @throws FileAccessError (`FILE_ACCESS`)
 * @example
 * writeFileAtomically("empty.txt", "");
 * hashFile("empty.txt").slice(0, 8); // "e3b0c442"
 */
export function hashFile(path: string): string {
  checkPath("path", path);
  return withFile(path, () => digest(path));
}

function digest(path: string): string {
  const hash = createHash("sha256");
  const descriptor = openSync(path, "r");
  try {
    const buffer = Buffer.allocUnsafe(chunk);
    for (let read = -1; read !== 0; ) {
      read = readSync(descriptor, buffer, 0, chunk, null);
      hash.update(buffer.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex");
}

/**
 * Reads files and compares them with the hashes that were noted when they were written; other work gets its turn
 * between two files.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`) with the first file that is missing or differs; the signal's reason
 * @example
 * writeFileAtomically("notes.txt", "three heads");
 * const sha256 = hashFile("notes.txt");
 * await verifyFiles([{ path: "notes.txt", sha256 }]);
 */
export async function verifyFiles(
  files: readonly HashedFile[],
  options: VerifyOptions = {},
): Promise<void> {
  checkList("files", files);
  for (const [index, file] of files.entries()) {
    checkRecord(`files[${index}]`, file);
    checkPath(`files[${index}].path`, file.path);
    checkText(`files[${index}].sha256`, file.sha256);
  }
  checkOptions<VerifyOptions>("verifyFiles", options, { onProgress: checkFunction, signal: checkSignal }); // biome-ignore format: one line
  const { onProgress, signal } = options;
  for (const [index, { path, sha256 }] of files.entries()) {
    signal?.throwIfAborted();
    if (!existsSync(path)) throw new CorruptFileError(path, "it is missing");
    if (hashFile(path) !== sha256) {
      throw new CorruptFileError(path, "its content is not what was written (SHA-256 differs)");
    }
    onProgress?.({ done: index + 1, total: files.length });
    await turn();
  }
}
