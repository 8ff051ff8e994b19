/** Lenses and trainings of lenses whose files are damaged or of another kind: an error that names the file. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CorruptFileError, type MxArray, mx, readTensors, writeTensors } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { afterAll, expect, it } from "vitest";
import { loadLens, saveLens } from "../lens-translators/lens-files.js";
import { gpt2Like } from "../shared/test-support.js";
import { trainTunedLens } from "./train-tuned-lens.js";

const root = mkdtempSync(join(tmpdir(), "mlxterp-lenses-"));
afterAll(() => rmSync(root, { recursive: true }));
const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.2 });
const model = new LanguageModel(decoder, { config: gpt2Like });
const prompts = [
  [1, 2, 3],
  [4, 5, 6],
];
const training = { steps: 2, batchSize: 1 };

type Parts = { tensors: Record<string, MxArray>; metadata: Record<string, string> };

async function changed(folder: string, name: string, change: (parts: Parts) => void) {
  const copy = mkdtempSync(join(root, "copy-"));
  cpSync(folder, copy, { recursive: true });
  const { tensors, metadata } = readTensors(join(folder, name));
  const parts = { tensors: { ...tensors }, metadata: { ...metadata } };
  change(parts);
  await writeTensors(join(copy, name), parts.tensors, parts.metadata);
  return copy;
}

it("a training is not taken up from a state that is none", async () => {
  const folder = join(root, "training");
  const goOn = (checkpoint: string) => trainTunedLens(model, prompts, { ...training, checkpoint });
  await goOn(folder);
  const name = "training.safetensors";
  for (const step of ["", " ", "x", "-1", "1e9", "0.5", "3"]) {
    const copy = await changed(folder, name, ({ metadata }) => {
      metadata.step = step;
    });
    await expect(goOn(copy), step).rejects.toThrow(CorruptFileError);
  }
  const arrays = [(x: MxArray) => x.reshape([-1]), (x: MxArray) => x.astype(mx.int32)];
  for (const change of [...arrays, () => mx.array(1)]) {
    for (const part of ["0.value", "1.first", "2.second"]) {
      const copy = await changed(folder, name, ({ tensors }) => {
        tensors[part] = change(tensors[part]);
      });
      await expect(goOn(copy), part).rejects.toThrow(/lacks the translator of depth/);
    }
  }
});

it("a lens says where it comes from, or is damaged", async () => {
  const folder = join(root, "lens");
  await saveLens(await trainTunedLens(model, prompts, training), folder);
  expect((await loadLens(folder)).origin?.dtype).toBe("float32");
  for (const origin of ["null", "3", "[]", "{}", '{"model":7}', "x"]) {
    const copy = await changed(folder, "lens.safetensors", ({ metadata }) => {
      metadata.origin = origin;
    });
    await expect(loadLens(copy), origin).rejects.toThrow(CorruptFileError);
  }
});

it("a published lens of another kind, or of layers that no file has, is refused at once", async () => {
  const folder = join(root, "published");
  const lens = await trainTunedLens(model, prompts, training);
  await saveLens(lens, folder, { format: "torch" });
  const file = join(folder, "config.json");
  const config = JSON.parse(readFileSync(file, "utf8"));
  for (const other of [{ lens_type: "mlp_lens" }, { lens_type: 3 }, { num_hidden_layers: 1e9 }]) {
    writeFileSync(file, JSON.stringify({ ...config, ...other }));
    await expect(loadLens(folder)).rejects.toThrow(Object.keys(other)[0]);
  }
  const { lens_type: _, ...older } = config;
  writeFileSync(file, JSON.stringify(older));
  expect((await loadLens(folder)).depths).toBe(lens.depths);
});
