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
import { basename, dirname, join } from "node:path";

let count = 0;

/**
 * Writes a file beside its final place, forces it to the disk, and renames it over what was there.
 *
 * @param write fills the temporary file, which keeps the extension of the final one
 */
export function replaceFile(path: string, write: (temporary: string) => void): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.incomplete-${process.pid}-${count++}-${basename(path)}`);
  try {
    write(temporary);
    force(temporary);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  if (process.platform !== "win32") force(folder); // the new name, too, is data of the disk
}

/**
 * Writes text or bytes to a file that appears whole or not at all.
 *
 * @example
 * writeFileAtomically("run/manifest.json", JSON.stringify({ rows: 3 }));
 */
export function writeFileAtomically(path: string, content: string | Uint8Array): void {
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
