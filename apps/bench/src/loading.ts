/** Time and peak memory of loading a checkpoint, against reading its file and the binding's own loader. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { evaluate, mx } from "@mlxterp/mlx";
import { listParameters, loadModel } from "@mlxterp/models";
import { peakBytes, resetPeak, runChild } from "./child.js";
import type { Line, Settings } from "./measurement.js";
import { summarize } from "./pairs.js";
import { stories } from "./stories.js";

const kinds = ["bytes", "bare", "model"] as const;
type Kind = (typeof kinds)[number];

/** In milliseconds, and in shares of the file's size. */
interface Cost {
  readonly time: number;
  readonly peak: number;
}

const file = join(stories.folder, "model.safetensors");

const load: Record<Kind, () => Promise<unknown>> = {
  bytes: async () => readFileSync(file),
  bare: async () => {
    const tensors = mx.load(file);
    mx.eval(tensors);
    return tensors;
  },
  model: async () => {
    const model = await loadModel(stories.folder);
    await evaluate([...listParameters(model.module).values()]);
    return model;
  },
};

async function measureHere(kind: Kind): Promise<Cost> {
  mx.eval(mx.add(mx.ones([64, 64]), 1)); // the device is there before the clock starts
  const linux = process.platform === "linux";
  if (linux) resetPeak();
  const before = linux ? peakBytes() : 0;
  const start = performance.now();
  const kept = await load[kind]();
  const time = performance.now() - start;
  const peak = linux ? (peakBytes() - before) / statSync(file).size : Number.NaN;
  return kept ? { time, peak } : { time: Number.NaN, peak: Number.NaN };
}

export async function* loading({ rounds }: Settings): AsyncGenerator<Line> {
  if (!stories.available) {
    yield { what: "stories15M: load time and peak memory", value: "skipped" };
    return;
  }
  const { bytes, bare, model } = measureInTurn(Math.max(3, Math.ceil(rounds / 3)));
  const ms = (cost: Cost) => `${Math.round(cost.time)} ms`;
  yield { what: "stories15M: reading the file's bytes", value: ms(bytes) };
  yield { what: "stories15M: the binding's load and eval", value: ms(bare) };
  yield { what: "stories15M: loadModel, tokenizer included", value: ms(model) };
  if (process.platform !== "linux") return;
  const share = (cost: Cost) => cost.peak.toFixed(2);
  yield { what: "stories15M: peak of the binding's load / file size", value: share(bare) };
  yield { what: "stories15M: peak of loadModel / file size", value: share(model) };
}

function measureInTurn(rounds: number): Record<Kind, Cost> {
  const self = fileURLToPath(import.meta.url);
  const runs: Record<Kind, Cost[]> = { bytes: [], bare: [], model: [] };
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) runs[kind].push(JSON.parse(runChild(self, [kind])) as Cost);
  }
  const median = (kind: Kind, of: keyof Cost) => summarize(runs[kind].map((run) => run[of])).median;
  const costs = (kind: Kind) => ({ time: median(kind, "time"), peak: median(kind, "peak") });
  return { bytes: costs("bytes"), bare: costs("bare"), model: costs("model") };
}

const [, entry, kind] = process.argv;
if (entry === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await measureHere(kind as Kind)));
}
