/** What the system says about files, in this library's errors. */

import { statSync } from "node:fs";
import { brief, checkFunction, checkText, InvalidArgumentError } from "@mlxterp/results/errors";
import { FileAccessError, IncompleteWriteError, MlxterpError } from "./errors.js";

/** The system's codes that have to do with files, each with the way out. */
const waysOut: Readonly<Record<string, string>> = {
  EACCES: "permission is denied. Change the permissions, or name another place.",
  EPERM: "the system does not permit it. Change the permissions, or name another place.",
  EROFS: "the file system is read-only. Name another place.",
  ENOENT: "there is nothing of this name. Check the path.",
  EISDIR: "it is a folder where a file is needed. Move it away, or name another place.",
  ENOTDIR: "a part of its path is a file where a folder is needed. Check the path.",
  ENOTEMPTY: "the folder is not empty. Name another place.",
  EEXIST: "something of this name is there already. Name another place.",
  EMFILE: "this process has too many files open. Close some, or raise the limit (ulimit -n).",
  ENFILE: "the system has too many files open. Close some.",
  ELOOP: "its symbolic links lead in a circle. Mend the links.",
  ENAMETOOLONG: "the name is too long for the file system. Choose a shorter one.",
  EBUSY: "another program is using it. Try again later.",
  ETXTBSY: "another program is using it. Try again later.",
  EXDEV: "it would have to move to another file system. Name another place.",
  EIO: "the device does not answer as it should. Copy what can be read, and check the disk.",
  EINVAL: "the system cannot do that with it. Name an ordinary file or folder.",
  ENXIO: "it is no ordinary file. Name another place.",
  ENODEV: "it is no ordinary file. Name another place.",
  ESPIPE: "it is no ordinary file. Name another place.",
  ERR_INVALID_ARG_VALUE: "the path has a character that no file name has. Check the path.",
  ERR_FS_FILE_TOO_LARGE: "it is larger than a single read may be. Check the path.",
};

const noRoom: Readonly<Record<string, string>> = {
  ENOSPC: "no space is left on the device",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file system takes no file of this size",
};

/**
 * The error for what a use of a file threw; whatever has nothing to do with files stays as it is.
 *
 * @example
 * fileFailure(new Error("no file at all"), "notes.txt");
 */
export function fileFailure(error: unknown, file: string): unknown {
  if (MlxterpError.isInstance(error) || !(error instanceof Error)) return error;
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const [full, wayOut] = [noRoom[code], waysOut[code]];
  if (!full && !wayOut && code !== "ERR_INVALID_ARG_TYPE") return error;
  const named = typeof path === "string" ? path : file;
  if (typeof named !== "string") {
    return new InvalidArgumentError("path", named, `must be a string, not ${brief(named)}.`);
  }
  if (full) return new IncompleteWriteError(named, full, { cause: error });
  return wayOut ? new FileAccessError(named, code, wayOut, { cause: error }) : error;
}

/**
 * Uses files, with the system's complaints as errors of this library.
 *
 * @param file what to name where the system names none
 * @throws FileAccessError (`FILE_ACCESS`) for what is missing, forbidden, a folder instead of a file, or out of reach otherwise;
 * IncompleteWriteError (`INCOMPLETE_WRITE`) on a full disk
 * @example
 * import { readFileSync } from "node:fs";
 *
 * withFile("stories.txt", () => readFileSync("stories.txt", "utf8"));
 */
export function withFile<T>(file: string, use: () => T): T {
  checkFunction("use", use);
  try {
    return use();
  } catch (error) {
    throw fileFailure(error, file);
  }
}

/**
 * The size of an ordinary file. Devices and pipes have none, and reading them may never end.
 *
 * @throws FileAccessError (`FILE_ACCESS`) for what is missing, or no ordinary file
 * @example
 * writeFileAtomically("three.txt", "abc");
 * fileSize("three.txt"); // 3
 */
export function fileSize(file: string): number {
  checkText("path", file);
  const stats = withFile(file, () => statSync(file));
  if (stats.isFile()) return stats.size;
  const reason = stats.isDirectory() ? "EISDIR" : "ENXIO";
  throw new FileAccessError(file, reason, waysOut[reason]);
}

/**
 * Uses files as `withFile` does, over time.
 *
 * @example
 * await withFiles("notes.txt", async () => "what was read");
 */
export async function withFiles<T>(file: string, use: () => Promise<T>): Promise<T> {
  checkFunction("use", use);
  try {
    return await use();
  } catch (error) {
    throw fileFailure(error, file);
  }
}
