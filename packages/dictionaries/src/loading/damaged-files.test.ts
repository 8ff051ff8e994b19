/** Damaged files of every format: a dictionary or a typed error, never anything else. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mx, toFlat } from "@mlxterp/mlx";
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
