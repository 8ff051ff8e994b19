/** A training whose process is killed without a chance to say goodbye, again and again. */
import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { fromSources } from "../../../../scripts/lib/from-sources.mjs";
import { generator } from "../synthetic/generator.js";
import { temporaryFolder } from "../testing/make.js";

const script = new URL("../testing/train-to-be-killed.ts", import.meta.url);

interface Ended {
  readonly steps: readonly number[];
  readonly hash: string | undefined;
}

/** Runs it, and kills it so many milliseconds after a step was said, unless it is done by then. */
async function runUntil(folder: string, step: number, delay: number): Promise<Ended> {
  const child = spawn(process.execPath, [await fromSources(script), folder]);
  let [said, errors] = ["", ""];
  let timer: ReturnType<typeof setTimeout> | undefined;
  child.stderr.on("data", (data) => {
    errors += data;
  });
  child.stdout.on("data", (data) => {
    said += data;
    if (said.includes(`step ${step}\n`)) timer ??= setTimeout(() => child.kill("SIGKILL"), delay);
  });
  await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  expect(errors).toBe("");
  return {
    steps: [...said.matchAll(/^step (\d+)$/gm)].map(([, number]) => Number(number)),
    hash: /hash (\w+)/.exec(said)?.[1],
  };
}

it("comes to the same bits after any number of ends at any point", async () => {
  const straight = await runUntil(temporaryFolder(), Number.NaN, 0);
  expect(straight.hash).toBeDefined();
  const folder = temporaryFolder();
  const draw = generator(Date.now() % 1000);
  let begun = 0;
  for (const part of [9, 24, 41]) {
    const { steps, hash } = await runUntil(folder, part, Math.floor(draw.uniform() * 12));
    if (hash !== undefined) break; // it was faster than the signal
    if (begun > 0) expect(steps[0]).toBeGreaterThan(1); // it went on, and did not begin again
    begun = steps.length;
  }
  expect(begun).toBeGreaterThan(0);
  const last = await runUntil(folder, Number.NaN, 0);
  expect(last.hash).toBe(straight.hash);
}, 60_000);
