/** Damaged files of every format: a dictionary or a typed error, never anything else. */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mx, readTensors, toFlat, writeTensors } from "@mlxterp/mlx";
import { MlxterpError } from "@mlxterp/results";
import { expect, it } from "vitest";
import { generator } from "../synthetic/generator.js";
import { temporaryFolder } from "../testing/make.js";
import { casePath, casesAreHere } from "../testing/reference.js";
import { loadCrosscoder, loadDictionary, loadTranscoders } from "./load.js";

/** A file of each format, and what loads its folder. */
const files: readonly [name: string, file: string, load: (path: string) => unknown][] = [
  ["saelens-gated", "cfg.json", loadDictionary],
  ["saelens-gated", "sae_weights.safetensors", loadDictionary],
  ["gemma-scope-npz", "params.npz", loadDictionary],
  ["dictionary-learning-matryoshka", "ae.pt", loadDictionary],
  ["dictionary-learning-topk", "config.json", loadDictionary],
  ["openai-topk", "3.pt", (path) => loadDictionary(path, { part: "3.pt" })],
  ["llama-scope", "hyperparams.json", loadDictionary],
  ["ct-plt-topk", "config.yaml", loadTranscoders],
  ["ct-clt-jumprelu", "W_dec_1.safetensors", loadTranscoders],
  ["crosscoder-l1", "config.json", loadCrosscoder],
  ["sparsify-topk", "layers.3/cfg.json", (path) => loadDictionary(path, { part: "layers.3" })],
];

/** Cut off, or with a few bytes changed, most of them at the beginning or the end, where formats say what they hold. */
function damaged(content: Buffer, draw: ReturnType<typeof generator>): Buffer {
  if (draw.uniform() < 0.25)
    return content.subarray(0, Math.floor(draw.uniform() * content.length));
  const copy = Buffer.from(content);
  for (let change = 0; change < 3; change++) {
    const near = Math.floor(draw.uniform() * Math.min(copy.length, 600));
    const at = draw.uniform() < 0.5 ? near : copy.length - 1 - near;
    copy[at] = Math.floor(draw.uniform() * 256);
  }
  return copy;
}

/** What it computes is computed: a wrong shape ends the process only then. */
function use(loaded: unknown): void {
  const dictionary = loaded as ReturnType<typeof loadDictionary>;
  const width = dictionary.config?.inputWidth;
  if (width !== undefined) toFlat(dictionary.forward(mx.ones([2, width])));
}

it.runIf(casesAreHere).each(files)("%s/%s", (name, file, load) => {
  const folder = temporaryFolder();
  cpSync(casePath(name), folder, { recursive: true });
  const content = readFileSync(join(folder, file));
  const draw = generator(11);
  for (let round = 0; round < 14; round++) {
    writeFileSync(join(folder, file), damaged(content, draw));
    try {
      use(load(folder));
    } catch (error) {
      expect(MlxterpError.isInstance(error), String(error)).toBe(true);
    }
  }
});

it.runIf(casesAreHere)(
  "refuses weights in whole numbers, booleans and complex ones by name",
  async () => {
    const folder = temporaryFolder();
    cpSync(casePath("saelens-gated"), folder, { recursive: true });
    const file = join(folder, "sae_weights.safetensors");
    const { tensors } = readTensors(file);
    for (const name of ["W_enc", "b_gate", "r_mag"]) {
      for (const dtype of [mx.int32, mx.bool, mx.complex64]) {
        await writeTensors(file, { ...tensors, [name]: tensors[name].astype(dtype) });
        expect(() => loadDictionary(folder)).toThrow(`"${name}" holds`);
      }
    }
  },
);

it.runIf(casesAreHere)("refuses more features to be kept than there are", () => {
  const folder = temporaryFolder();
  cpSync(casePath("saelens-legacy-topk"), folder, { recursive: true });
  const file = join(folder, "cfg.json");
  const settings = JSON.parse(readFileSync(file, "utf8"));
  for (const k of [1e9, 0.5, -1]) {
    writeFileSync(file, JSON.stringify({ ...settings, activation_fn_kwargs: { k } }));
    expect(() => loadDictionary(folder)).toThrow(/\bk\b/);
  }
});

it.runIf(casesAreHere)("is not taken for another format where its settings are missing", () => {
  const folder = temporaryFolder();
  cpSync(casePath("saelens-jumprelu"), folder, { recursive: true });
  for (const name of ["cfg.json", "values.safetensors"]) rmSync(join(folder, name));
  for (const path of [folder, join(folder, "sae_weights.safetensors")]) {
    expect(() => loadDictionary(path)).toThrow(/its settings, cfg.json or config.json/);
  }
});
