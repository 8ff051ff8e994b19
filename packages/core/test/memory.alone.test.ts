/** Memory: flat over many passes, and at its peak no more than weights, what was saved, and a layer's work. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { fromSources } from "../../../scripts/lib/from-sources.mjs";
import { peakIsKnown, spillBudget } from "./support/memory.js";

const script = new URL("./support/memory-scenarios.ts", import.meta.url);

interface Measured {
  /** Bytes that each pass leaves behind for good. */
  readonly kept: number;
  /** The most bytes that waited to be collected. */
  readonly waiting: number;
  /** The peak of one pass above what was held before it. */
  readonly rise: number;
}

interface Sizes {
  readonly depth: number;
  readonly width: number;
  readonly tokens: number;
}

/** By name. */
type Measurements = Readonly<Record<string, Measured>>;

/** Runs scenarios in a process where freed memory goes back to the system at once. */
async function measure(
  what: "growth" | "rise",
  scenarios: readonly string[],
  { depth, width, tokens }: Sizes,
): Promise<Measurements> {
  const sizes = [depth, width, tokens].map(String);
  const env = { ...process.env, MALLOC_MMAP_THRESHOLD_: "16384", MALLOC_ARENA_MAX: "1" };
  const cwd = fileURLToPath(new URL("..", import.meta.url));
  const child = ["--expose-gc", await fromSources(script), what, scenarios.join(), ...sizes];
  const { stdout } = await promisify(execFile)(process.execPath, child, { cwd, env });
  return (JSON.parse(stdout) as { measured: Measurements }).measured;
}

/** What a block of `Stack` makes on its way: up, its bias, relu (twice as wide); down, its bias, the sum. */
function layerBytes({ width, tokens }: Sizes): number {
  return tokens * width * 4 * (2 + 2 + 2 + 1 + 1 + 1);
}

const uncollected = 32 * 2 ** 20; // what has grown old may wait for this much before it goes

const patient = { timeout: 240_000 }; // the machine may be busy with other things

describe.skipIf(!peakIsKnown)("lesson: memory grew with every trace", patient, () => {
  // a leak shows by what each pass keeps, whatever else it makes; narrow layers make as many bytes with less work
  const sizes = { depth: 6, width: 32, tokens: 1536 };
  const { depth, width, tokens } = sizes;
  const saved = tokens * width * 4; // the smallest value that a pass could forget to let go of
  const most = uncollected + 2 * depth * layerBytes(sizes);

  const passes = [
    ["traces", "trace"],
    ["traces that are read inside, with nothing saved", "read"],
    ["runs whose results are held until the next", "run"],
    ["traces with other passes awaited inside", "outer"],
    ["runs with interventions, and runs that fail", "failing"],
    ["runs that spill", "spilled"],
    ["gradients at the residual stream", "gradients"],
    ["gradients that are edited", "edited"],
  ] as const;
  const wrong = ["uncollected", "leaking"]; // last, since it keeps what it leaks
  let measured: Measurements;
  beforeAll(async () => {
    const scenarios = [...passes.map(([, scenario]) => scenario), ...wrong];
    measured = await measure("growth", scenarios, sizes);
  }, patient.timeout);

  it.each(passes)("passes leave nothing behind, and soon: %s", (_name, scenario) => {
    const { kept, waiting } = measured[scenario];
    expect(kept).toBeLessThan(saved / 2); // engine and allocator: up to an eighth
    expect(waiting).toBeLessThan(most);
  });

  it("is seen when one value of each pass is kept, and when nothing is collected in time", () => {
    expect(measured.leaking.kept).toBeGreaterThan(0.9 * saved);
    expect(measured.uncollected.waiting).toBeGreaterThan(most);
  });
});

describe.skipIf(!peakIsKnown)("the peak of one pass above the weights", patient, () => {
  const sizes = { depth: 12, width: 256, tokens: 4096 };
  const { depth, width, tokens } = sizes;
  const layer = layerBytes(sizes);
  let measured: Measurements;
  beforeAll(async () => {
    const scenarios = ["trace", "early", "run", "spilled", "gradients"];
    measured = await measure("rise", scenarios, sizes);
  }, patient.timeout);

  it("is about one layer's work when the output is kept", () => {
    expect(measured.trace.rise).toBeLessThan(2 * layer);
  });

  it("is that and what is saved when the residual stream is kept", () => {
    const saved = (depth + 1) * tokens * width * 4;
    expect(measured.run.rise).toBeLessThan(saved + 2 * layer);
  });

  it("is the budget and that when everything is saved to the disk", () => {
    const most = spillBudget(tokens, width) + 2 * layer + uncollected;
    const everything = (4 * depth + 2) * tokens * width * 4;
    expect(most).toBeLessThan(everything * 0.7);
    expect(measured.spilled.rise).toBeLessThan(most);
  });

  it("is what is saved and what the backward needs of every layer, for gradients of the residual stream", () => {
    const saved = (depth + 1) * tokens * width * 4;
    const kept = depth * 2 * tokens * width * 4; // what enters each relu
    expect(measured.gradients.rise).toBeLessThan(saved + kept + 1.5 * layer);
  });

  it("is less than a layer's work when only something early is asked for", () => {
    expect(measured.early.rise).toBeLessThan(layer);
  });
});
