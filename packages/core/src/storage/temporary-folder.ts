/** Folders for values that do not outlive their owner. */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasEnded, InvalidArgumentError, thisWriter, withFile } from "@mlxterp/mlx";

const folders = new Set<string>();
const abandoned = new FinalizationRegistry<string>(removeTemporaryFolder);
let watching = false;

/**
 * A folder for activations that somebody holds.
 *
 * @param owner when it is collected, the folder is removed; so it is when the process ends
 * @returns the path of a new folder where the system keeps temporary files (`TMPDIR`)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no object; FileAccessError (`FILE_ACCESS`)
 * @example
 * const owner = {};
 * const folder = temporaryFolder(owner);
 */
export function temporaryFolder(owner: object): string {
  if (Object(owner) !== owner) {
    throw new InvalidArgumentError(
      "owner",
      owner,
      "must be an object: the folder goes when it does.",
    );
  }
  const { host, pid } = thisWriter();
  const folder = withFile(tmpdir(), () =>
    mkdtempSync(join(tmpdir(), `mlxterp-activations-${host}-${pid}-`)),
  );
  folders.add(folder);
  abandoned.register(owner, folder);
  if (!watching) {
    process.once("exit", () => [...folders].forEach(removeTemporaryFolder));
    removeOrphans();
  }
  watching = true;
  return folder;
}

export function removeTemporaryFolder(folder: string): void {
  folders.delete(folder);
  rmSync(folder, { recursive: true, force: true });
}

const pattern = /^mlxterp-activations-([0-9a-f]{8})-(\d+)-/;

/** Of processes that were killed, and so could not remove theirs. */
function removeOrphans(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, host, pid] = pattern.exec(name) ?? [];
    if (pid === undefined || !hasEnded({ host, pid: Number(pid) })) continue;
    try {
      removeTemporaryFolder(join(tmpdir(), name));
    } catch {
      // It belongs to another user, who will clean up in turn.
    }
  }
}
