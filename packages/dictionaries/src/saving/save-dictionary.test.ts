/** What is written is read back as it was; what has no word is refused; what nobody knows is not guessed. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { mx, readTensors, toFlat, writeTensors } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DictionaryConfig } from "../dictionary/config.js";
import { foldDecoderNorm } from "../dictionary/fold.js";
import { loadDictionary, loadTranscoders } from "../loading/load.js";
import { normal, randomDictionary, temporaryFolder } from "../testing/make.js";
import { TranscoderSet } from "../transcoders/transcoder-set.js";
import { saveDictionary, saveTranscoders } from "./save-dictionary.js";

type Parts = Pick<DictionaryConfig, "activation"> & Partial<DictionaryConfig>;
const relu = { kind: "relu" } as const;
const topK = { kind: "topK", k: 3, rectified: true } as const;
const jumpRelu = { kind: "jumpRelu", rectified: true } as const;

const kinds: [string, Parts, boolean][] = [
  ["standard", { activation: relu, subtractDecoderBias: true, site: "layers.1" }, false],
  ["layer-normed", { activation: relu, normalization: "layerNorm" }, false],
  ["of constant norm", { activation: relu, normalization: "constantNorm" }, false],
  ["scaled on average", { activation: relu, averageScaled: true }, false],
  ["of heads", { activation: relu, joinHeads: true }, false],
  ["gated", { activation: { kind: "gated" }, subtractDecoderBias: true }, false],
  ["jumpRelu", { activation: jumpRelu }, false],
  ["top-k", { activation: topK, subtractDecoderBias: true }, false],
  ["top-k by norm", { activation: topK, scaleByDecoderNorm: true }, false],
  ["a transcoder", { activation: relu, kind: "transcoder", outputWidth: 4 }, false],
  ["a skip transcoder", { activation: relu, kind: "transcoder", outputWidth: 4 }, true],
  ["a jumpRelu transcoder", { activation: jumpRelu, kind: "transcoder" }, false],
  ["a jumpRelu skip transcoder", { activation: jumpRelu, kind: "transcoder" }, true],
];

describe("SAELens' layout", () => {
  it.each(kinds)("gives back what is %s", async (_, parts, skip) => {
    const dictionary = randomDictionary(parts, { skip });
    const folder = temporaryFolder();
    await saveDictionary(dictionary, folder);
    const again = loadDictionary(folder);
    expect({ ...again.config, format: "mlxterp" }).toEqual(dictionary.config);
    const x = normal([5, 6], 77);
    for (const [a, b] of [
      [again.encode(x), dictionary.encode(x)],
      [again.forward(x), dictionary.forward(x)],
    ]) {
      expect(toFlat(a)).toEqual(toFlat(b));
    }
  });

  it.each<[string, Parts, boolean]>([
    ["batch top-k", { activation: { kind: "batchTopK", k: 3 } }, false],
    ["groups", { activation: { kind: "groupMax", k: 4 } }, false],
    ["a skip of top-k", { activation: topK, kind: "transcoder" }, true],
    ["jumpRelu by norm", { activation: jumpRelu, scaleByDecoderNorm: true }, false],
    ["unrectified top-k", { activation: { ...topK, rectified: false } }, false],
  ])("has no word for %s", async (_, parts, skip) => {
    const saving = saveDictionary(randomDictionary(parts, { skip }), temporaryFolder());
    await expect(saving).rejects.toMatchObject({ code: "UNSUPPORTED_DICTIONARY_SAVE" });
  });

  it("refuses a field that may change something by its name, and passes over what one says", async () => {
    const folder = temporaryFolder();
    await saveDictionary(randomDictionary({ activation: relu }), folder);
    const file = join(folder, "cfg.json");
    const change = (fields: object) => {
      const settings = JSON.parse(readFileSync(file, "utf8"));
      writeFileSync(file, JSON.stringify({ ...settings, ...fields }));
    };
    change({ rotate_input: true });
    expect(() => loadDictionary(folder)).toThrow('"rotate_input" is true');
    expect(loadDictionary(folder, { ignore: ["rotate_input"] }).config.features).toBe(20);
    change({ rotate_input: null, architecture: "variational" });
    expect(() => loadDictionary(folder)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_DICTIONARY_FIELD", field: "architecture" }),
    );
    change({ architecture: "standard", d_sae: 19 });
    expect(() => loadDictionary(folder)).toThrow(
      expect.objectContaining({ code: "DICTIONARY_SHAPE" }),
    );
    change({ d_sae: "20" });
    expect(() => loadDictionary(folder)).toThrow('"d_sae" is "20", but must be a number.');
    writeFileSync(file, "{");
    expect(() => loadDictionary(folder)).toThrow(
      expect.objectContaining({ code: "DICTIONARY_FORMAT" }),
    );
  });
});

/** A skip was read where the settings have none, and left out where they have one but no tensor. */
it("refuses tensors that the architecture does not have, and misses those that it has", async () => {
  const folder = temporaryFolder();
  const parts = { activation: relu, kind: "transcoder" } as const;
  await saveDictionary(randomDictionary(parts, { skip: true }), folder);
  const file = join(folder, "cfg.json");
  const settings = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...settings, architecture: "transcoder" }));
  expect(() => loadDictionary(folder)).toThrow(
    expect.objectContaining({ code: "UNKNOWN_DICTIONARY_FIELD", field: "W_skip" }),
  );
  expect(loadDictionary(folder, { ignore: ["W_skip"] }).weights.skip).toBeUndefined();
  await saveDictionary(randomDictionary(parts), folder);
  writeFileSync(file, JSON.stringify({ ...settings, architecture: "skip_transcoder" }));
  expect(() => loadDictionary(folder)).toThrow('it has no tensor "W_skip"');
});

it("refuses factors of features that it would leave out, whatever the settings say of them", async () => {
  const folder = temporaryFolder();
  await saveDictionary(randomDictionary({ activation: relu }), folder);
  const file = join(folder, "sae_weights.safetensors");
  const { tensors } = readTensors(file);
  await writeTensors(file, { ...tensors, scaling_factor: mx.ones([20]) });
  expect(loadDictionary(folder).config.features).toBe(20);
  await writeTensors(file, { ...tensors, scaling_factor: mx.full([20], 2) });
  expect(() => loadDictionary(folder)).toThrow(
    expect.objectContaining({ field: "finetuning_scaling_factor" }),
  );
});

describe("circuit-tracer's layout", () => {
  it.each<[string, Parts, boolean]>([
    ["relu", { activation: relu }, false],
    ["jumpRelu with skip", { activation: { ...jumpRelu, rectified: false } }, true],
    ["top-k", { activation: { ...topK, rectified: false } }, false],
    ["rectified top-k", { activation: { ...topK, k: 15 } }, false],
  ])("gives back transcoders of %s", async (_, parts, skip) => {
    const layers = [0, 10].map((seed) =>
      randomDictionary({ kind: "transcoder", ...parts }, { seed, skip }),
    );
    const set = new TranscoderSet(layers, { input: "mlp.hook_in", output: "hook_mlp_out" });
    const folder = temporaryFolder();
    await saveTranscoders(set, folder);
    const again = loadTranscoders(folder);
    const x = normal([4, 6], 5);
    expect(again.layers).toBe(2);
    for (const layer of [0, 1]) {
      expect(toFlat(again.encode(layer, x))).toEqual(toFlat(set.encode(layer, x)));
    }
    const features = [0, 1].map((layer) => set.encode(layer, x));
    const outputs = (one: typeof again) => one.decode([x, x], features).map((y) => [...toFlat(y)]);
    expect(outputs(again)).toEqual(outputs(set));
    expect(() => loadDictionary(folder)).toThrow("use loadTranscoders");
  });
});

it("refuses what is no dictionary, and says what is there", async () => {
  const folder = temporaryFolder();
  const refused = expect.objectContaining({ code: "DICTIONARY_FORMAT" });
  expect(() => loadDictionary(folder)).toThrow(refused);
  expect(() => loadDictionary(join(folder, "nowhere"))).toThrow(refused);
  await writeTensors(join(folder, "other.safetensors"), { a: mx.ones([2]) });
  expect(() => loadDictionary(folder)).toThrow("no known format fits other.safetensors");
  expect(() => loadDictionary(folder, { part: "layers.3" })).toThrow('has no "layers.3"');
  expect(() => loadDictionary(folder, { parts: "x" } as object)).toThrow('Did you mean "part"?');
});

describe("decoder norms", () => {
  it("can be moved into features without changing what is reconstructed", () => {
    const activation = fc.constantFrom(relu, jumpRelu, { kind: "gated" } as const);
    fc.assert(
      fc.property(
        activation,
        fc.boolean(),
        fc.integer({ min: 0, max: 99 }),
        (kind, scale, seed) => {
          const scaleByDecoderNorm = scale && kind.kind !== "gated";
          const dictionary = randomDictionary({ activation: kind, scaleByDecoderNorm }, { seed });
          const folded = foldDecoderNorm(dictionary);
          const x = normal([3, 6], seed + 500);
          expect(mx.allclose(folded.forward(x), dictionary.forward(x), 1e-4, 1e-4).item()).toBe(
            true,
          );
          expect(mx.allclose(folded.decoderNorms(), 1, 1e-4, 1e-4).item()).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  it("are not moved where others would be kept then", () => {
    expect(() => foldDecoderNorm(randomDictionary({ activation: topK }))).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  });
});
