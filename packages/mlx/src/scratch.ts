/** Temporary files in memory, where the system has room for them there. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const inMemory = "/dev/shm";

/** @param bytes how much the file will hold; containers often give /dev/shm a mere 64 MB */
export function scratchFolder(bytes: number, preferred = inMemory): string {
  try {
    accessSync(preferred, constants.W_OK);
    const { bavail, bsize } = statfsSync(preferred);
    return bavail * bsize > 2 * bytes ? preferred : tmpdir();
  } catch {
    return tmpdir(); // no such folder on this system: a disk works too
  }
}

/** Lends a file name in a folder that is gone afterwards. */
export function withScratchFile<T>(bytes: number, use: (file: string) => T): T {
  const folder = mkdtempSync(join(scratchFolder(bytes), `mlxterp-${process.pid}-`));
  try {
    return use(join(folder, "array.safetensors"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
