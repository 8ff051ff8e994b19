/**
 * Names of files that are not whole yet. They tell the process that writes them, so that what a killed one left behind
 * can be told from what another is still writing.
 */

import { createHash } from "node:crypto";
import { readdirSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname, join } from "node:path";
import {
  checkFunction,
  checkPath,
  checkRecord,
  checkText,
  checkWholeNumber,
} from "@mlxterp/results/errors";
import { withFile } from "./file-failure.js";

const host = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** Names that this process has given out and not taken back. */
const inUse = new Set<string>();
let count = 0;

const pattern = /^\.incomplete-([0-9a-f]{8})-(\d+)-\d+-(.+)$/;

/**
 * Lends a name beside the final one; in the same folder, so that it can be renamed, and with the same extension.
 *
 * @param path of the final file or folder
 * @returns the name, to be given back when nothing of it is left
 * @example
 * const { name, giveBack } = temporaryName("runs/lens.parquet");
 */
export function temporaryName(path: string): { name: string; giveBack: () => void } {
  checkPath("path", path);
  const own = `.incomplete-${host}-${process.pid}-${count++}-${basename(path)}`;
  inUse.add(own);
  return { name: join(dirname(path), own), giveBack: () => inUse.delete(own) };
}

/**
 * Whether a file in a folder has such a name, of whatever process.
 *
 * @example
 * isTemporaryName("model.safetensors"); // false
 */
export function isTemporaryName(name: string): boolean {
  checkText("name", name);
  return pattern.test(name);
}

/**
 * Whether a process of this machine has ended; one of another machine cannot be asked.
 *
 * @example
 * hasEnded(thisWriter()); // false
 */
export function hasEnded(writer: { readonly host: string; readonly pid: number }): boolean {
  checkRecord("writer", writer);
  if (writer.host !== host) return false;
  checkWholeNumber("pid", writer.pid);
  try {
    process.kill(writer.pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH"; // another user's is alive: EPERM
  }
}

/**
 * Who this process is, for files that tell it.
 *
 * @example
 * thisWriter().pid === process.pid; // true
 */
export function thisWriter(): { host: string; pid: number } {
  return { host, pid: process.pid };
}

/**
 * Removes what killed processes left of a file or folder; what is still being written stays.
 *
 * @param path the final name; only what was to become it is removed
 * @example
 * removeDebris("model.safetensors");
 */
export function removeDebris(path: string): void {
  checkPath("path", path);
  removeAbandoned(dirname(path), (final) => final === basename(path));
}

/**
 * @param which by the final name; default all of a folder
 * @example
 * removeAbandoned(".");
 */
export function removeAbandoned(folder: string, which?: (final: string) => boolean): void {
  for (const path of abandonedIn(folder, which)) rmSync(path, { recursive: true, force: true });
}

/**
 * The paths of what killed processes left in a folder.
 *
 * @param which by the final name; default all
 * @example
 * abandonedIn("."); // []
 */
export function abandonedIn(
  folder: string,
  which: (final: string) => boolean = () => true,
): string[] {
  checkPath("folder", folder);
  checkFunction("which", which);
  const names = withFile(folder, () => readdirSync(folder)).filter((name) => {
    const [, writer, pid, final] = pattern.exec(name) ?? [];
    if (final === undefined || !which(final)) return false;
    return isAbandoned(name, { host: writer, pid: Number(pid) });
  });
  return names.map((name) => join(folder, name));
}

/** Numbers of processes come again, in containers at once: ours is alive, but did not write what it does not know. */
function isAbandoned(name: string, writer: { host: string; pid: number }): boolean {
  if (writer.host === host && writer.pid === process.pid) return !inUse.has(name);
  return hasEnded(writer);
}
