/** Paths from outside: only what lies below an allowed root, with all links followed, is ever opened. */
import { type Dirent, readdirSync, realpathSync, statSync } from "node:fs";
import { isAbsolute, join, relative, sep } from "node:path";
import { ForbiddenPathError } from "../errors/errors.js";

/**
 * The real path of a file or folder below one of the roots.
 *
 * @throws ForbiddenPathError (`FORBIDDEN_PATH`) for anything else, whether it exists or not, and for a folder with a link that leads out
 */
export function confinedPath(path: string, roots: readonly string[]): string {
  const real = realPath(path);
  const allowed = roots.map(realPath).filter((root) => root !== undefined);
  const inside = (one: string | undefined) =>
    one !== undefined && allowed.some((root) => isBelow(root, one));
  if (real === undefined || !inside(real)) throw new ForbiddenPathError(path, roots);
  const links = linksBelow(real);
  if (!links?.every((link) => inside(realPath(link)))) throw new ForbiddenPathError(path, roots);
  return real;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // missing, forbidden or no path at all: said alike, so that nobody can look around
  }
}

function isBelow(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** More than any folder of weights has; looking through more would keep everybody waiting. */
const most = { entries: 5000, depth: 4 };

/** The links in a folder; undefined where it is no folder of weights, but a tree. */
function linksBelow(path: string): string[] | undefined {
  if (!statSync(path).isDirectory()) return [];
  const links: string[] = [];
  let level = [path];
  let seen = 0;
  for (let depth = 0; level.length > 0; depth++) {
    const entries = level.flatMap((folder) => readdirSync(folder, { withFileTypes: true }));
    seen += entries.length;
    if (depth === most.depth || seen > most.entries) return undefined;
    const at = (entry: Dirent) => join(entry.parentPath, entry.name);
    links.push(...entries.filter((entry) => entry.isSymbolicLink()).map(at));
    level = entries.filter((entry) => entry.isDirectory()).map(at);
  }
  return links;
}
