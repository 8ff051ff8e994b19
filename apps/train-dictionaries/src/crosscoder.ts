/** `pnpm --filter @mlxterp/train-dictionaries crosscoder`: a crosscoder of two layers of one model, on what the model itself writes. */
import { rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { collectToDisk, openStore } from "@mlxterp/data";
import { saveCrosscoder, storeSource, trainCrosscoder } from "@mlxterp/dictionaries";
import { type LanguageModel, loadModel } from "@mlxterp/models";
import { sampleTexts } from "./sample-texts.js";

const { values } = parseArgs({
  options: {
    model: { type: "string", default: "tiny" },
    out: { type: "string", default: "dictionaries" },
    layers: { type: "string", default: "1,2" },
    sequences: { type: "string", default: "1024" },
    length: { type: "string", default: "48" },
    features: { type: "string", default: "128" },
    k: { type: "string", default: "8" },
    steps: { type: "string", default: "1500" },
    seed: { type: "string", default: "0" },
  },
});
const [steps, seed] = [Number(values.steps), Number(values.seed)];
const site = values.layers.split(",").map((layer) => `layers.${layer}`);

const model = (await loadModel(values.model)) as LanguageModel;
const texts = await sampleTexts(model, {
  ...{ sequences: Number(values.sequences), length: Number(values.length), seed },
});
const folder = join(resolve(values.out), "crosscoder-activations");
// the first token is left out: attention sinks there
await collectToDisk(model, texts, { folder, save: site, positions: { from: 1 }, batchSize: 32 });
const store = await openStore(folder);
const { dictionary, metrics } = await trainCrosscoder(storeSource(store, { site, seed }), {
  ...({ architecture: "batchTopK", sources: site.length, recipe: "dictionaryLearning" } as const),
  ...{ features: Number(values.features), k: Number(values.k), steps, seed, thresholdStart: 100 },
  ...{ batchSize: 512, learningRate: 1e-3, warmup: 50, decay: Math.floor(steps / 5) },
  ...{ auxiliary: 1 / 32, deadAfter: 200 },
});
await store[Symbol.asyncDispose]();
rmSync(folder, { recursive: true });
const out = join(resolve(values.out), `${values.model}-crosscoder`);
await saveCrosscoder(dictionary, out);
const { explained, count, dead } = metrics.at(-1)!;
const [share, silent] = [explained, dead].map((part) => `${(100 * part).toFixed(1)} %`);
console.log(`${share} explained, ${count.toFixed(1)} on, ${silent} dead: ${out}`);
