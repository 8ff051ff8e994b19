/** Tells whether a file in the cache is what its hash says, without reading large ones at every load. */
import { createHash } from "node:crypto";
import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { writeFileAtomically } from "@mlxterp/mlx";
import type { RepositoryCache } from "./cache-layout.js";

/** Up to here a file is read at every load: that costs less than a tenth of a second. */
const alwaysBytes = 16 * 2 ** 20;

/**
 * Whether a file has a hash: SHA-256 for large files, else that of a Git object, SHA-1 over a short header and the
 * content. The whole file is read, so that what is checked is what lies on the disk, resumed parts included.
 *
 * @param hash of 64 or 40 hexadecimal digits
 */
export async function hasHash(file: string, hash: string): Promise<boolean> {
  if (hash.length === 64) return (await digest(file, "sha256")) === hash;
  return (await digest(file, "sha1", `blob ${statSync(file).size}\0`)) === hash;
}

async function digest(file: string, algorithm: "sha1" | "sha256", start = ""): Promise<string> {
  const hash = createHash(algorithm).update(start);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * Whether a blob is sound. Large ones are read once, which is noted beside them with size and time of change; they are
 * read again when either differs, or when that is asked for.
 */
export async function isSound(
  cache: RepositoryCache,
  hash: string,
  always = false,
): Promise<boolean> {
  const blob = cache.blob(hash);
  const { size, mtimeMs } = statSync(blob);
  if (!always && size > alwaysBytes && readNote(cache.note(hash)) === noteOf(size, mtimeMs)) {
    return true;
  }
  if (!(await hasHash(blob, hash))) return false;
  if (size > alwaysBytes) await noteSound(cache, hash);
  return true;
}

/** Notes that a blob was compared with its hash just now. */
export async function noteSound(cache: RepositoryCache, hash: string): Promise<void> {
  const { size, mtimeMs } = statSync(cache.blob(hash));
  try {
    await cache.makeRoom(cache.note(hash));
    writeFileAtomically(cache.note(hash), noteOf(size, mtimeMs));
  } catch {
    // A cache that cannot be written serves as well; its files are then read at every load.
  }
}

function noteOf(size: number, changed: number): string {
  return `${size} bytes, changed at ${changed}\n`;
}

function readNote(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
