/**
 * The lock of a store's folder: one collection at a time, from before its first look at the files to its end. It tells
 * who holds it, so that one left by a killed process is taken over.
 */
import { randomUUID } from "node:crypto";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hasEnded, temporaryName, thisWriter } from "@mlxterp/mlx";
import { StoreBusyError } from "../errors.js";

export const lockFile = "collecting.lock";

/** Locks that this process holds: its own number says nothing of one that is left from another of the same number. */
const held = new Set<string>();

/** Held by a collection. */
export interface StoreLock {
  /** @throws StoreBusyError (`STORE_BUSY`) when another program has taken the lock away */
  check(): void;
  release(): void;
}

/**
 * @param folder made if it is missing
 * @throws StoreBusyError (`STORE_BUSY`)
 */
export function lockStore(folder: string): StoreLock {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, lockFile);
  const id = randomUUID();
  const text = JSON.stringify({ ...thisWriter(), id });
  if (!create(file, text)) {
    removeAbandonedLock(file, folder);
    if (!create(file, text)) throw new StoreBusyError(folder, file);
  }
  held.add(id);
  return {
    check() {
      if (read(file) !== text) throw new StoreBusyError(folder, file);
    },
    release() {
      held.delete(id);
      if (read(file) === text) rmSync(file, { force: true });
    },
  };
}

/** @returns whether there was none */
function create(file: string, text: string): boolean {
  const { name, giveBack } = temporaryName(file);
  writeFileSync(name, text);
  try {
    linkSync(name, file); // appears with its text, where writing would leave an empty one for a moment
    return true;
  } catch (error) {
    // ENOENT: whoever has the lock has just cleaned up.
    if (["EEXIST", "ENOENT"].includes((error as NodeJS.ErrnoException).code ?? "")) return false;
    throw error;
  } finally {
    rmSync(name, { force: true });
    giveBack();
  }
}

/** @throws StoreBusyError (`STORE_BUSY`) while whoever holds it lives, or cannot be asked */
function removeAbandonedLock(file: string, folder: string): void {
  const text = read(file);
  if (text === undefined) return;
  if (!isAbandoned(text)) throw new StoreBusyError(folder, file);
  const { name: aside, giveBack } = temporaryName(file);
  giveBack();
  try {
    renameSync(file, aside); // of several that find it abandoned, one succeeds
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (read(aside) === text) {
    rmSync(aside);
    return;
  }
  // It was another's already, who was faster: back with it.
  renameSync(aside, file);
  throw new StoreBusyError(folder, file);
}

function isAbandoned(text: string): boolean {
  try {
    const { host, pid, id } = JSON.parse(text) as { host: string; pid: number; id: string };
    const own = thisWriter();
    if (host === own.host && pid === own.pid) return !held.has(id);
    return hasEnded({ host, pid });
  } catch {
    return false; // not one of ours: nobody may take it for abandoned
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
