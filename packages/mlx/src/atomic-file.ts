/** Files that appear whole or not at all, even when the process ends or the power fails in the middle. */

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { brief, InvalidArgumentError } from "@mlxterp/results/errors";
import { withFile } from "./file-failure.js";
import { removeDebris, temporaryName } from "./temporary-name.js";

/**
 * Writes a file beside its final place, forces it to the disk, and renames it over what was there.
 *
 * @param write fills the temporary file, which keeps the extension of the final one
 * @throws FileAccessError (`FILE_ACCESS`), IncompleteWriteError (`INCOMPLETE_WRITE`)
 */
export function replaceFile(path: string, write: (temporary: string) => void): void {
  withFile(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    removeDebris(path);
    const { name, giveBack } = temporaryName(path);
    try {
      write(name);
      force(name);
      renameSync(name, path);
    } finally {
      rmSync(name, { force: true });
      giveBack();
    }
    if (process.platform !== "win32") force(dirname(path)); // the new name, too, is data of the disk
  });
}

/**
 * Writes text or bytes to a file that appears whole or not at all.
 *
 * @throws FileAccessError (`FILE_ACCESS`); IncompleteWriteError (`INCOMPLETE_WRITE`) on a full disk
 * @example
 * writeFileAtomically("run/manifest.json", JSON.stringify({ rows: 3 }));
 */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
  if (typeof content !== "string" && !(content instanceof Uint8Array)) {
    const rule = `must be a string or bytes, not ${brief(content)}.`;
    throw new InvalidArgumentError("content", content, rule);
  }
  replaceFile(path, (temporary) => writeFileSync(temporary, content));
}

function force(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
