/** Folders for values that do not outlive their owner. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders = new Set<string>();
const abandoned = new FinalizationRegistry<string>(removeTemporaryFolder);
let watching = false;

/**
 * @param owner when it is collected, the folder is removed; so it is when the process ends
 * @returns the path of a new folder where the system keeps temporary files (`TMPDIR`)
 */
export function temporaryFolder(owner: object): string {
  const folder = mkdtempSync(join(tmpdir(), `mlxterp-activations-${process.pid}-`));
  folders.add(folder);
  abandoned.register(owner, folder);
  if (!watching) process.once("exit", () => [...folders].forEach(removeTemporaryFolder));
  watching = true;
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}
