/** The state of a training that was cut off, damaged in every part: an error that names the file, never another training. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptFileError, MlxterpError, type MxArray, mx, readTensors, writeTensors } from "@mlxterp/mlx"; // biome-ignore format: one line
import { afterAll, beforeAll, expect, it } from "vitest";
import { temporaryFolder } from "../testing/make.js";
import { arraySource } from "./sources.js";
import { trainDictionary } from "./train.js";

const rows = mx.random.normal([64, 6], mx.float32, 0, 1, mx.random.key(3));
const settings = {
  architecture: "batchTopK",
  features: 12,
  k: 2,
  steps: 4,
  batchSize: 16,
} as const;
const train = (folder: string, signal?: AbortSignal) =>
  trainDictionary(arraySource(rows), settings, {
    ...{ folder, checkpointEvery: 1, reportEvery: 1, ...(signal && { signal }) },
  });

const begun = mkdtempSync(join(tmpdir(), "mlxterp-begun-"));
afterAll(() => rmSync(begun, { recursive: true }));
beforeAll(async () => {
  const stop = new AbortController();
  const options = { folder: begun, checkpointEvery: 1, reportEvery: 1, signal: stop.signal };
  const enough = new Error("enough");
  const onProgress = () => stop.abort(enough);
  await expect(trainDictionary(arraySource(rows), settings, { ...options, onProgress })).rejects.toBe(enough); // biome-ignore format: one line
});

/** Goes on from a copy whose file was changed. */
async function goOn(
  change: (parts: { tensors: Record<string, MxArray>; metadata: Record<string, string> }) => void,
) {
  const folder = temporaryFolder();
  cpSync(begun, folder, { recursive: true });
  const file = join(folder, "checkpoint.safetensors");
  const { tensors, metadata } = readTensors(file);
  const parts = { tensors: { ...tensors }, metadata: { ...metadata } };
  change(parts);
  await writeTensors(file, parts.tensors, parts.metadata);
  return train(folder);
}

it("goes on where nothing is changed", async () => {
  const whole = await train(temporaryFolder());
  const { metrics } = await goOn(() => undefined);
  expect(metrics).toEqual(whole.metrics);
  expect(readFileSync(join(begun, "training.json"), "utf8")).toContain("batchTopK");
});

it.each(["config", "metrics", "step", "factor"])("refuses a %s that is none", async (name) => {
  const texts = [undefined, "", "x", "null", "-1", "NaN", "[null]", '[{"step":1}]', "{}", "1e9"];
  for (const text of texts) {
    const error = await goOn(({ metadata }) => {
      if (text === undefined) delete metadata[name];
      else metadata[name] = text;
    }).catch((reason: unknown) => reason);
    // of another training, or damaged; a number by which activations are multiplied may be any
    if (name === "factor" && text === "1e9") continue;
    expect(MlxterpError.isInstance(error), `${text}: ${error}`).toBe(true);
  }
});

it.each(["parameters.encoder", "mean.decoder", "square.encoder", "silent", "threshold"])(
  "refuses a %s of another shape or dtype, or none",
  async (name) => {
    const changes: ((array: MxArray) => MxArray | undefined)[] = [
      () => undefined,
      (array) => array.reshape([...array.shape, 1]),
      (array) => array.astype(mx.float16),
      () => mx.ones([2, 3, 4]),
    ];
    for (const change of changes) {
      const going = goOn(({ tensors }) => {
        const changed = change(tensors[name]);
        if (changed) tensors[name] = changed;
        else delete tensors[name];
      });
      await expect(going).rejects.toThrow(CorruptFileError);
    }
  },
);
