/** A training in a process of its own, to be killed: `train-to-be-killed.ts <folder>`. Says each step, and the weights' hash at the end. */
import { createHash } from "node:crypto";
import { mx, toFlat } from "@mlxterp/mlx";
import { arraySource } from "../training/sources.js";
import { trainDictionary } from "../training/train.js";

const rows = mx.random.normal([512, 16], mx.float32, 0, 1, mx.random.key(3));
const settings = {
  architecture: "batchTopK",
  features: 64,
  k: 4,
  steps: 60,
  batchSize: 64,
} as const;
const { dictionary, metrics } = await trainDictionary(
  arraySource(rows),
  { ...settings, resampleEvery: 7, deadAfter: 3 },
  {
    ...{ folder: process.argv[2], checkpointEvery: 2, reportEvery: 1 },
    onProgress: ({ metrics: { step } }) => process.stdout.write(`step ${step}\n`),
  },
);
const hash = createHash("sha256").update(JSON.stringify(metrics));
for (const [name, array] of Object.entries(dictionary.weights).sort()) {
  if (array) hash.update(name).update(new Uint8Array(Float32Array.from(toFlat(array)).buffer));
}
process.stdout.write(`hash ${hash.digest("hex")}\n`);
