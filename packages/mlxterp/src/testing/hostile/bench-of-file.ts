/** The bench of a test file: set up before its tests, and taken down behind them. */
import { rmSync } from "node:fs";
import { afterAll, beforeAll } from "vitest";
import { type Bench, setUp } from "./bench.js";

/** To be called where tests are described. @returns the bench, once they run */
export function benchOfFile(): () => Bench {
  const home = process.cwd();
  let bench: Bench;
  beforeAll(async () => {
    bench = await setUp();
  }, 60_000);
  afterAll(() => {
    process.chdir(home);
    rmSync(bench.folder, { recursive: true, force: true });
  });
  return () => bench;
}

/** Streams are checked when they are begun, at the latest. */
export async function begun(result: unknown): Promise<void> {
  if (typeof result !== "object" || result === null || !(Symbol.asyncIterator in result)) return;
  await (result as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
}
