/** Memory does not grow with what is collected, read or written. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { fromSources } from "../../../../scripts/lib/from-sources.mjs";
import { temporaryFolder } from "../testing/fixtures.js";

const script = new URL("../testing/measure-collecting.ts", import.meta.url);
/** The room for young objects, which the engine keeps, is as small on every Node; that of Node 24 is larger than the bounds. */
const room = "--max-semi-space-size=8";

interface Growth {
  readonly work: string;
  /** Bytes of the rows that went through. */
  readonly bytes: number;
  /** The most above what was held before, at any step. */
  readonly most: number;
  readonly left: number;
}

/** On a busy machine pages are given back late: what one of two runs gets by with is enough, and what is needed is no more. */
const patient = { timeout: 240_000, retry: 1 };

it.skipIf(!existsSync("/proc/self/status"))(
  "collecting, shuffled reading and Parquet run in constant memory",
  patient,
  async () => {
    const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: "16384", MALLOC_ARENA_MAX: "1" };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [room, "--expose-gc", await fromSources(script), temporaryFolder(), "600", "192"],
      { env },
    );
    // 32 MiB may wait to be collected, before a part of 4 MB, its copies and the engine's own room
    const allowed = { most: 60e6, left: 20e6 }; // of 79 MB
    for (const { work, bytes, most, left } of JSON.parse(stdout) as Growth[]) {
      // what a group of rows needs is 7 MB, however many groups there are; of 25 MB
      const bounds = work === "exported" ? { most: bytes * 0.8, left: bytes / 3 } : allowed;
      expect(most, work).toBeLessThan(bounds.most);
      expect(left, work).toBeLessThan(bounds.left);
    }
  },
);
