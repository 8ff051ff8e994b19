/** Memory does not grow with what is collected, read or written. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { temporaryFolder } from "../testing/fixtures.js";

const script = fileURLToPath(new URL("../testing/measure-collecting.ts", import.meta.url));
const peakIsKnown = existsSync("/proc/self/clear_refs");

interface Measured {
  readonly bytes: number;
  readonly collected: number;
  readonly read: number;
  readonly written: number;
}

it.skipIf(!peakIsKnown)(
  "collecting, shuffled reading and Parquet run in constant memory",
  async () => {
    const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: "16384", MALLOC_ARENA_MAX: "1" };
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--conditions=@mlxterp/source", script, temporaryFolder(), "800"],
      { env, cwd: fileURLToPath(new URL("../..", import.meta.url)) },
    );
    const { bytes, ...growth } = JSON.parse(stdout) as Measured;
    // three quarters of the 105 MB come after the first measurement; when collections run moves the peak by some MB
    for (const [work, grown] of Object.entries(growth)) {
      expect(grown, work).toBeLessThan(bytes / 4);
    }
  },
  120_000,
);
