/** Writes a folder that appears complete or not at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { abandonedIn, removeDebris, temporaryName, withFiles } from "@mlxterp/mlx";
import { UnsupportedSaveError } from "../../errors.js";

/**
 * @param write fills a folder beside the final one
 * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`) for a folder that has files in it, unless it may be replaced
 */
export async function writeFolder(
  folder: string,
  overwrite: boolean,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  await withFiles(folder, () => writeBeside(folder, overwrite, write));
}

async function writeBeside(
  folder: string,
  overwrite: boolean,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const target = resolve(folder);
  mkdirSync(dirname(target), { recursive: true });
  restore(target);
  removeDebris(target);
  refuseFolderInUse(folder, target, overwrite);
  const { name, giveBack } = temporaryName(target);
  mkdirSync(name);
  try {
    await write(name);
    refuseFolderInUse(folder, target, overwrite); // somebody else may have been faster
    swap(name, target);
  } finally {
    rmSync(name, { recursive: true, force: true });
    giveBack();
  }
}

function refuseFolderInUse(folder: string, target: string, overwrite: boolean): void {
  if (overwrite || !existsSync(target) || readdirSync(target).length === 0) return;
  const rule = "the folder has files in it. Name another, or pass { overwrite: true }.";
  throw new UnsupportedSaveError(folder, rule);
}

/** What is replaced has this name for the moment in which the new folder takes its place. */
const asideOf = (target: string) => `${target}.replaced`;

/** A process that was killed in that moment left the old folder aside: it comes back, or goes where the new one is there. */
function restore(target: string): void {
  const left = abandonedIn(dirname(target), (final) => final === basename(asideOf(target)));
  for (const aside of left) {
    if (existsSync(target)) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, target);
  }
}

/** A full folder cannot be renamed over another, so the old one steps aside first. */
function swap(temporary: string, target: string): void {
  const { name: aside, giveBack } = temporaryName(asideOf(target));
  const replaces = existsSync(target);
  try {
    if (replaces) renameSync(target, aside);
    try {
      renameSync(temporary, target);
    } catch (error) {
      if (replaces && !existsSync(target)) renameSync(aside, target);
      throw error;
    }
    rmSync(aside, { recursive: true, force: true });
  } finally {
    giveBack();
  }
}
