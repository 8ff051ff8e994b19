/** Causal tracing against runs written out by hand, with the same noise. */
import { fileURLToPath } from "node:url";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel, RecurrentModel } from "@mlxterp/models"; // biome-ignore format: one import
import { type Grid, valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { gpt2Like, llamaLike } from "../shared/test-support.js";
import { sweep } from "../testing/sweeps.js";
import { causalTracing } from "./causal-tracing.js";
import { deviationOf, noiseOf } from "./noise.js";
import type { TracingOptions } from "./options.js";

const ids = [5, 17, 2, 25, 9, 31];
const subject = [1, 3] as const;
const answer = 3;

function modelLike(config: typeof llamaLike | typeof gpt2Like) {
  const decoder = initializeWeights(new Decoder(config), { seed: 7, deviation: 0.35 });
  return new LanguageModel(decoder, { config });
}

type Exchange = (x: MxArray, site: string) => MxArray;

/** The answer's probability in one run, with noise and, layer by layer, states put in at one token. */
async function probability(
  model: LanguageModel,
  noise: MxArray,
  changes: Record<string, MxArray>,
  token: number,
) {
  // biome-ignore format: one line
  const part = (x: MxArray, from: number, to: number) => x.index(mx.Slice(), mx.Slice(from, to));
  const put: Exchange = (x, site) => {
    const own = part(changes[site], token, token + 1);
    return mx.concatenate([part(x, 0, token), own, part(x, token + 1, x.shape[1])], 1);
  };
  const sites = Object.fromEntries(Object.keys(changes).map((site) => [site, (x: MxArray) => put(x, site)])); // biome-ignore format: one line
  const run = await model.run([ids], {
    save: ["output", "layers.*.input", "layers.*.mlp", "layers.*.selfAttn"],
    interventions: {
      embedTokens: (x: MxArray) => mx.concatenate([part(x, 0, 1), mx.add(part(x, 1, 3), noise), part(x, 3, x.shape[1])], 1), // biome-ignore format: one line
      ...sites,
    },
  });
  const logits = [...toFlat(run.last("output"))];
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  return { run, value: Math.exp(logits[answer]) / sum };
}

async function expected(
  model: LanguageModel,
  asked: { kind: "residual" | "mlp" | "attention"; layer: number; token: number },
  { window, severed, samples, seed }: { window: number; severed: string; samples: number; seed: number }, // biome-ignore format: one line
): Promise<number> {
  const save = ["layers.*.input", "layers.*.mlp", "layers.*.selfAttn"];
  const clean = await model.run([ids], { save });
  const deviation = 3 * (await deviationOf(model, [{ ids, span: subject }]));
  const noise = noiseOf({ ids, span: subject }, model.anatomy.hidden, { samples, seed, deviation });
  const { layers } = model.anatomy;
  const name = { residual: "input", mlp: "mlp", attention: "selfAttn" }[asked.kind];
  let sum = 0;
  for (let draw = 0; draw < samples; draw++) {
    const own = noise.index(mx.Slice(draw, draw + 1));
    const without = (await probability(model, own, {}, 0)).run;
    const changes: Record<string, MxArray> = {};
    const wide = asked.kind === "residual" ? 1 : window;
    for (let layer = 0; layer < layers; layer++) {
      const inside = layer >= asked.layer - Math.floor(wide / 2) && layer < asked.layer + Math.ceil(wide / 2); // biome-ignore format: one line
      if (inside) changes[`layers.${layer}.${name}`] = clean.get(`layers.${layer}.${name}`);
      if (severed === "none" || layer < asked.layer) continue;
      const site = `layers.${layer}.${severed === "mlp" ? "mlp" : "selfAttn"}`;
      changes[site] = without.get(site);
    }
    sum += (await probability(model, own, changes, asked.token)).value;
  }
  return sum / samples;
}

describe.each([
  ["Llama", llamaLike],
  ["GPT-2", gpt2Like],
] as const)("a model like %s", (_, config) => {
  const model = modelLike(config as typeof llamaLike);
  const all: [string, TracingOptions["severed"], number, number][] = [
    ["in windows of two", "none", 2, 7],
    ["with MLPs severed", "mlp", 1, 11],
    ["with attention severed", "attention", 1, 5],
    ["each by itself", "none", 1, 1000],
    ["in windows of three", "none", 3, 1],
  ];
  const cases = sweep(all, 3);

  it.each(cases)("is the run with states put back, %s", async (_name, severed, window, maxRows) => {
    const kinds = severed === "none" ? (["residual", "mlp", "attention"] as const) : (["residual"] as const); // biome-ignore format: one choice
    const samples = 2;
    const options = { subject, answer, samples, seed: 4, window, severed, maxRows };
    const [{ grids }] = await causalTracing(model, [ids], { ...options, kinds });
    for (const kind of kinds) {
      const grid = grids[`${kind}Metric`] as Grid<"layer" | "token">;
      for (const [layer, token] of [
        [0, 1],
        [1, 2],
        [2, 5],
        [1, 4],
        [2, 0],
      ] as const) {
        // biome-ignore format: one loop
        const value = await expected(model, { kind, layer, token }, { window, severed: severed!, samples, seed: 4 }); // biome-ignore format: one line
        expect(Math.abs(valueAt(grid, { layer, token }) / value - 1), `${kind} ${layer} ${token}`).toBeLessThan(1e-4); // biome-ignore format: one line
      }
    }
  });
});

it("restores what a mixer adds, as in the run with it put back", async () => {
  const folder = fileURLToPath(new URL("../../../models/references/mamba/base", import.meta.url));
  const model = await loadModel(folder, { as: RecurrentModel });
  const asked = { subject, answer, samples: 1, seed: 4, window: 1, kinds: "mixer" } as const;
  const [{ grids }] = await causalTracing(model, [ids], asked);
  const deviation = 3 * (await deviationOf(model, [{ ids, span: subject }]));
  const noise = noiseOf({ ids, span: subject }, model.anatomy.hidden, { samples: 1, seed: 4, deviation }); // biome-ignore format: one call
  const part = (x: MxArray, from: number, to: number) => x.index(mx.Slice(), mx.Slice(from, to));
  const [layer, token, site] = [1, 2, "layers.1.mixer"];
  const clean = (await model.run([ids], { save: site })).get(site);
  const run = await model.run([ids], {
    interventions: {
      embedTokens: (x) => mx.concatenate([part(x, 0, 1), mx.add(part(x, 1, 3), noise), part(x, 3, ids.length)], 1), // biome-ignore format: one line
      [site]: (x) => mx.concatenate([part(x, 0, token), part(clean, token, token + 1), part(x, token + 1, ids.length)], 1), // biome-ignore format: one line
    },
  });
  const expected = toFlat(mx.softmax(run.last("output"), -1))[answer];
  const found = valueAt(grids.mixerMetric!, { layer, token });
  expect(Math.abs(Number(found) / Number(expected) - 1)).toBeLessThan(1e-4);
});

it("brings everything back by the subject's own embeddings, and nothing before it", async () => {
  const model = modelLike(llamaLike);
  const one = { subject: [2, 3], answer, samples: 3, kinds: "residual" } as const;
  const [{ grids, tables, fed }] = await causalTracing(model, [ids], one);
  expect(valueAt(grids.residual!, { layer: 0, token: 2 })).toBeCloseTo(1, 4);
  for (const token of [0, 1]) expect(valueAt(grids.residual!, { layer: 1, token })).toBe(0);
  expect(fed[0].spans).toEqual([[2, 3]]);
  const { low, high, values } = grids.residualMetric!;
  expect(low![3]).toBeLessThan(values[3]);
  expect(high![3]).toBeGreaterThan(values[3]);
  expect(tables.work.rows[0].merged).toBeGreaterThanOrEqual(2 * 3 * 3);
});

it("finds the capital in the shipped model at the subject, asked for what the model says", async () => {
  const model = await loadModel("tiny");
  const options = { subject: ["France", "Japan"], samples: 3, window: 1 };
  const prompts = ["the capital of France is", "the capital of Japan is"];
  const results = await causalTracing(model, prompts, options);
  expect(results.map(({ fed }) => fed[0].answer!.text)).toEqual(["Paris", "Tokyo"]);
  for (const { grids, tables } of results) {
    expect(tables.baselines.rows[0].noised).toBeLessThan(tables.baselines.rows[0].clean);
    expect(valueAt(grids.residual!, { layer: 0, token: 4 })).toBeGreaterThan(0.9);
    expect(valueAt(grids.residual!, { layer: 3, token: 5 })).toBeGreaterThan(0.5);
  }
});

it("refuses subjects that are not there, and holding what it restores", async () => {
  const model = await loadModel("tiny");
  const asked = (options: TracingOptions) =>
    causalTracing(model, "the capital of France is", options);
  await expect(asked({ subject: "Spain" })).rejects.toThrow("occurs nowhere");
  await expect(asked({ subject: [3, 9] })).rejects.toThrow("≤ 6");
  await expect(asked({ subject: "France", severed: "mlp" })).rejects.toThrow('kinds "residual"');
  await expect(asked({ subject: ["France", "of"] })).rejects.toThrow("2 subjects do not fit 1");
});
