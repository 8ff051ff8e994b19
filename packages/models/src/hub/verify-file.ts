/** Checks that a downloaded file is the one the hub announced. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import type { ListFileEntry } from "@huggingface/hub";

const gitHash = /^[0-9a-f]{40}$/;

/**
 * Whether a file of the announced size has the announced hash: SHA-256 for large files, else that of a Git
 * object, SHA-1 over a short header and the content. The whole file is read again, so that what is checked
 * is what lies on the disk, resumed parts included.
 */
export async function isAnnounced(file: string, entry: ListFileEntry): Promise<boolean> {
  if (entry.lfs) return (await digest(file, "sha256")) === entry.lfs.oid;
  if (!entry.oid || !gitHash.test(entry.oid)) return true; // a hub that names no hash
  return (await digest(file, "sha1", `blob ${entry.size}\0`)) === entry.oid;
}

async function digest(file: string, algorithm: "sha1" | "sha256", start = ""): Promise<string> {
  const hash = createHash(algorithm).update(start);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}
