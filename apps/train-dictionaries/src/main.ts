/** `pnpm --filter @mlxterp/train-dictionaries start`: a dictionary and transcoders of all layers for one model. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { collectToDisk, openStore } from "@mlxterp/data";
import {
  saveDictionary,
  saveTranscoders,
  storeSource,
  type TrainingMetrics,
  TranscoderSet,
  trainDictionaries,
  trainDictionary,
} from "@mlxterp/dictionaries";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { heldOutQuality } from "./held-out-quality.js";
import { sampleTexts } from "./sample-texts.js";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "tiny" },
    name: { type: "string" },
    out: { type: "string", default: "dictionaries" },
    layer: { type: "string", default: "2" },
    sequences: { type: "string", default: "2048" },
    length: { type: "string", default: "48" },
    features: { type: "string", default: "256" },
    "transcoder-features": { type: "string", default: "128" },
    k: { type: "string", default: "8" },
    steps: { type: "string", default: "3000" },
    batch: { type: "string", default: "1024" },
    seed: { type: "string", default: "0" },
    seeds: { type: "string", default: "3" },
    "held-out": { type: "string", default: "64" },
  },
});

const number = (name: keyof typeof values) => Number(values[name]);
const out = resolve(values.out);
const work = join(out, "work");
const began = performance.now();
const say = (text: string) =>
  console.log(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}`);

const model = (await loadModel(values.model)) as LanguageModel;
const { layers } = model.anatomy;
const name = values.name ?? values.model;
const residual = `layers.${values.layer}`;
const inputs = Array.from({ length: layers }, (_, layer) => `layers.${layer}.postAttentionNorm`);
const outputs = inputs.map((_, layer) => `layers.${layer}.mlp`);

mkdirSync(work, { recursive: true });
const texts = await sampleTexts(model, {
  ...{ sequences: number("sequences"), length: number("length"), seed: number("seed") },
});
say(`${texts.length} texts written`);
const folder = join(work, "activations");
// the first token is left out: attention sinks there
await collectToDisk(model, texts, {
  ...{ folder, save: [residual, ...inputs, ...outputs], positions: { from: 1 }, batchSize: 32 },
});
const store = await openStore(folder);
say(`${store.rows} rows of ${store.sites.length} sites collected`);

const shared = {
  ...{ steps: number("steps"), batchSize: number("batch"), seed: number("seed"), k: number("k") },
  ...{ learningRate: 1e-3, warmup: 50, decay: Math.floor(number("steps") / 5), deadAfter: 200 },
} as const;

function report(what: string, metrics: readonly TrainingMetrics[]): void {
  const { explained, count, dead } = metrics.at(-1)!;
  say(
    `${what}: ${(100 * explained).toFixed(1)} % explained, ${count.toFixed(1)} on, ${(100 * dead).toFixed(0)} % dead`,
  );
}

// written with other numbers drawn, so that nothing is measured on what was trained on
const heldOut = await sampleTexts(model, {
  ...{ sequences: number("held-out"), length: number("length"), seed: number("seed") + 1_000_003 },
});
const source = storeSource(store, { site: residual, seed: number("seed") });
const configs = Array.from({ length: number("seeds") }, (_, at) => ({
  ...{ ...shared, auxiliary: 1 / 32, seed: number("seed") + at },
  ...({ architecture: "topK", features: number("features") } as const),
}));
const place = { model: name, site: `blocks.${values.layer}.hook_resid_post` };
const trained = await trainDictionaries(source, configs, {
  ...{ folder: join(work, "dictionary"), place },
});
for (const { metrics, config } of trained) report(`dictionary of seed ${config.seed}`, metrics);
await saveDictionary(trained[0].dictionary, join(out, `${name}-dictionary`));
const quality = await heldOutQuality(
  model,
  trained.map(({ dictionary }) => dictionary),
  heldOut,
);
for (const [what, noise] of Object.entries(quality)) say(`held out: ${what} ${noise.text}`);

const transcoders = [];
for (const [layer, site] of inputs.entries()) {
  const one = await trainDictionary(
    storeSource(store, { site, outputSite: outputs[layer], seed: number("seed") }),
    {
      ...shared,
      ...{ architecture: "topK", kind: "transcoder", features: number("transcoder-features") },
      ...{ normalize: "none", scaleByDecoderNorm: false, auxiliary: 1 / 32 },
    },
    { folder: join(work, `transcoder-${layer}`), place: { model: name } },
  );
  report(`transcoder of layer ${layer}`, one.metrics);
  transcoders.push(one.dictionary);
}
const hooks = { input: "mlp.hook_in", output: "hook_mlp_out", model: name, name: `${name}-topk` };
await saveTranscoders(new TranscoderSet(transcoders, hooks), join(out, `${name}-transcoders`));
const facts = { ...values, name, quality, minutes: (performance.now() - began) / 60_000 };
writeFileSync(join(out, `${name}.json`), `${JSON.stringify(facts, null, 2)}\n`);
await store[Symbol.asyncDispose]();
rmSync(work, { recursive: true, force: true });
say(`done: ${out}`);
