/**
 * The beginnings of downloads. While it grows, a beginning belongs to one download, under a name that tells whose; it is
 * left as `<hash>.incomplete`, as the Python client does, and whoever comes next goes on with it. So no two programs ever
 * write one file.
 */
import { existsSync, lstatSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { hasEnded, thisWriter } from "@mlxterp/mlx";

let count = 0;
/** The beginnings that downloads of this process are at. */
const growing = new Set<string>();

export interface PartialFile {
  readonly path: string;
  /** Leaves it to the next one, or removes it when it is not worth that. */
  leave(): void;
  /** Tells that it is there no more. */
  end(): void;
}

/** @param blob the final path */
export function claimPartial(blob: string): PartialFile {
  const { host, pid } = thisWriter();
  const path = `${blob}.${host}-${pid}-${count++}.incomplete`;
  growing.add(basename(path));
  const left = `${blob}.incomplete`;
  for (const found of leftBehind(blob)) if (take(found, path)) break;
  return {
    path,
    leave() {
      growing.delete(basename(path));
      const better = sizeOf(path) > sizeOf(left);
      if (better) renameSync(path, left);
      else rmSync(path, { force: true });
    },
    end: () => growing.delete(basename(path)),
  };
}

/** The size of a file; 0 where there is none. */
export function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What killed processes left of a file that is whole by now. */
export function removeAbandonedParts(blob: string): void {
  for (const path of leftBehind(blob)) {
    if (path !== `${blob}.incomplete`) rmSync(path, { recursive: true, force: true });
  }
}

/** Beginnings that nobody is at, the longest first. */
function leftBehind(blob: string): string[] {
  const folder = dirname(blob);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => {
    if (name === `${basename(blob)}.incomplete`) return true;
    const [, host, pid] = /\.([0-9a-f]{8})-(\d+)-\d+\.incomplete$/.exec(name) ?? [];
    if (pid === undefined || !name.startsWith(`${basename(blob)}.`)) return false;
    const own = host === thisWriter().host && Number(pid) === process.pid;
    return own ? !growing.has(name) : hasEnded({ host, pid: Number(pid) });
  });
  const paths = names.map((name) => join(folder, name));
  return paths.sort((a, b) => sizeOf(b) - sizeOf(a));
}

/** @returns whether it is ours now: of several that want it, one gets it */
function take(found: string, path: string): boolean {
  try {
    if (!lstatSync(found).isFile()) {
      rmSync(found, { recursive: true, force: true }); // a link would lead what is written somewhere else
      return false;
    }
    renameSync(found, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
