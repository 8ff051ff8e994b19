/** Writes a folder that appears complete or not at all. */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, resolve } from "node:path";
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
  const target = resolve(folder);
  const inUse = existsSync(target) && readdirSync(target).length > 0;
  if (inUse && !overwrite) {
    throw new UnsupportedSaveError(
      folder,
      "the folder has files in it. Name another, or pass { overwrite: true }.",
    );
  }
  const temporary = `${target}.${process.pid}.incomplete`;
  mkdirSync(dirname(target), { recursive: true });
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary);
  try {
    await write(temporary);
    swap(temporary, target);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A full folder cannot be renamed over another, so the old one steps aside first. */
function swap(temporary: string, target: string): void {
  const aside = `${target}.${process.pid}.replaced`;
  const replaces = existsSync(target);
  if (replaces) renameSync(target, aside);
  try {
    renameSync(temporary, target);
  } catch (error) {
    if (replaces) renameSync(aside, target);
    throw error;
  }
  rmSync(aside, { recursive: true, force: true });
}
