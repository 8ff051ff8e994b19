/** Packed weights: read as mlx-lm writes them, packed on loading, and equal to what they stand for. */
import { fromFlat, InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel, UnsupportedConfigError, WeightShapeError } from "../../index.js";
import { isPackable, pack, unpack } from "../../packed/scheme.js";
import {
  gpt2Json,
  gpt2Tensors,
  llamaJson,
  llamaTensors,
  writeCheckpoint,
} from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";
import { QuantizedEmbedding, QuantizedLinear } from "./quantized-modules.js";

const prompt = [3, 1, 4, 1, 5];
const tensorsOf = (folder: string) => loadModel(folder);

interface Packed {
  readonly plain: MxArray;
  readonly parts: Readonly<Record<"weight" | "scales" | "biases", MxArray>>;
}

/** Random codes written into words by hand, and the numbers that they stand for by the formula alone. */
function packByHand(
  rows: number,
  columns: number,
  bits: number,
  group: number,
  seed: number,
): Packed {
  let state = seed;
  const random = () => {
    state = (1103515245 * state + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  const perWord = 32 / bits;
  const words = new Uint32Array((rows * columns) / perWord);
  const [scales, biases] = [0.03, 0.2].map((size) =>
    Float32Array.from({ length: (rows * columns) / group }, () => size * (random() - 0.5)),
  );
  const plain = Float32Array.from({ length: rows * columns }, (_, index) => {
    const code = Math.floor(random() * 2 ** bits);
    words[Math.floor(index / perWord)] += code * 2 ** (bits * (index % perWord));
    const place = Math.floor(index / group);
    return code * scales[place] + biases[place];
  });
  const groups = [rows, columns / group];
  return {
    plain: fromFlat(plain, [rows, columns]),
    parts: {
      weight: fromFlat(words, [rows, columns / perWord], mx.uint32),
      scales: fromFlat(scales, groups),
      biases: fromFlat(biases, groups),
    },
  };
}

/** A checkpoint of which the named matrices are packed, and the same in full. */
function twoCheckpoints(
  json: object,
  tensors: Record<string, MxArray>,
  packings: Readonly<Record<string, { bits: number; group: number }>>,
  quantization: object,
): { readonly packed: string; readonly plain: string } {
  const [full, packed] = [{ ...tensors }, { ...tensors }];
  for (const [module, { bits, group }] of Object.entries(packings)) {
    const [rows, columns] = tensors[`${module}.weight`].shape;
    const { plain, parts } = packByHand(rows, columns, bits, group, rows + bits);
    full[`${module}.weight`] = plain;
    for (const [part, array] of Object.entries(parts)) packed[`${module}.${part}`] = array;
  }
  return {
    plain: writeCheckpoint(json, full),
    packed: writeCheckpoint({ ...json, quantization, quantization_config: quantization }, packed),
  };
}

const layer = (name: string) => `model.layers.1.${name}`;
const mixed = {
  "model.embed_tokens": { bits: 4, group: 32 },
  lm_head: { bits: 4, group: 32 },
  [layer("self_attn.q_proj")]: { bits: 4, group: 32 },
  [layer("self_attn.o_proj")]: { bits: 8, group: 32 },
  [layer("mlp.up_proj")]: { bits: 2, group: 32 },
};
const mixedConfig = {
  bits: 4,
  group_size: 32,
  mode: "affine",
  [layer("self_attn.o_proj")]: { bits: 8, group_size: 32 },
  [layer("mlp.up_proj")]: { bits: 2, group_size: 32 },
  [layer("mlp.down_proj")]: false,
};

describe("a checkpoint with packed weights", () => {
  it("computes what the numbers it stands for compute, with every site", async () => {
    const folders = twoCheckpoints(llamaJson, llamaTensors(), mixed, mixedConfig);
    const [packed, plain] = await Promise.all([
      loadModel(folders.packed),
      loadModel(folders.plain),
    ]);
    expect(packed.module.layers[1].selfAttn.qProj).toBeInstanceOf(QuantizedLinear);
    expect(packed.module.embedTokens).toBeInstanceOf(QuantizedEmbedding);
    expect(packed.module.layers[1].mlp.downProj).not.toBeInstanceOf(QuantizedLinear);
    const kinds = (model: typeof packed) => model.sites().map(({ site }) => site);
    expect(kinds(packed)).toEqual(kinds(plain));
    const save = "**";
    const [a, b] = [await packed.run(prompt, { save }), await plain.run(prompt, { save })];
    expect(a.keys()).toEqual(b.keys());
    for (const site of b.keys()) expect(maxDifference(a.get(site), b.get(site))).toBeLessThan(1e-5);
  });

  it("has the sum of its heads' results as its attention", async () => {
    const { packed } = twoCheckpoints(llamaJson, llamaTensors(), mixed, mixedConfig);
    const model = await loadModel(packed);
    const cache = await model.run(prompt, {
      save: ["layers.1.selfAttn", "layers.1.selfAttn.result"],
    });
    const sum = mx.sum(cache.get("layers.1.selfAttn.result"), 2);
    expect(maxDifference(sum, cache.get("layers.1.selfAttn"))).toBeLessThan(1e-5);
    const through = await model.run(prompt, {
      save: "output",
      interventions: { "layers.1.selfAttn.result": (x) => mx.add(x, 0) },
    });
    const plain = await model.run(prompt, { save: "output" });
    expect(maxDifference(through.get("output"), plain.get("output"))).toBeLessThan(1e-5);
  });

  it("reads logits off a packed embedding where they are tied", async () => {
    const { "lm_head.weight": _, ...tensors } = llamaTensors();
    const json = { ...llamaJson, tie_word_embeddings: true };
    const embedding = { "model.embed_tokens": { bits: 8, group: 32 } };
    const folders = twoCheckpoints(json, tensors, embedding, { bits: 8, group_size: 32 });
    const [packed, plain] = await Promise.all([
      loadModel(folders.packed),
      loadModel(folders.plain),
    ]);
    const [a, b] = [await packed.run(prompt), await plain.run(prompt)];
    expect(maxDifference(a.get("output"), b.get("output"))).toBeLessThan(1e-5);
  });

  it("may have fused weights, one row per output", async () => {
    const { "h.0.attn.c_attn.weight": fused, ...tensors } = gpt2Tensors();
    const { plain, parts } = packByHand(96, 32, 4, 32, 7);
    const name = "h.0.attn.c_attn";
    const packed = Object.entries(parts).map(([part, array]) => [`${name}.${part}`, array]);
    expect(fused.shape).toEqual([32, 96]);
    const [a, b] = await Promise.all([
      loadModel(
        writeCheckpoint(
          { ...gpt2Json, quantization: { bits: 4, group_size: 32 } },
          { ...tensors, ...Object.fromEntries(packed) },
        ),
      ),
      loadModel(writeCheckpoint(gpt2Json, { ...tensors, [`${name}.weight`]: plain.T })),
    ]);
    expect(a.module.layers[0].selfAttn.vProj).toBeInstanceOf(QuantizedLinear);
    const [x, y] = [await a.run(prompt), await b.run(prompt)];
    expect(maxDifference(x.get("output"), y.get("output"))).toBeLessThan(1e-5);
  });

  for (const [name, quantization, field] of [
    ["bits", { bits: 3, group_size: 32 }, "quantization.bits"],
    ["groups", { bits: 4, group_size: 16 }, "quantization.groupSize"],
    ["a mode", { bits: 4, group_size: 32, mode: "nvfp4" }, "quantization"],
  ] as const) {
    it(`is refused with ${name} that the binding does not know`, async () => {
      const loading = loadModel(writeCheckpoint({ ...llamaJson, quantization }));
      await expect(loading).rejects.toBeInstanceOf(UnsupportedConfigError);
      await expect(loading).rejects.toMatchObject({ field });
    });
  }

  it("is refused in another library's format", async () => {
    const quantization_config = { quant_method: "hqq", bits: 4, group_size: 32 };
    const loading = loadModel(writeCheckpoint({ ...llamaJson, quantization_config }));
    await expect(loading).rejects.toMatchObject({ field: "quantization_config" });
  });

  it("is refused when scales do not belong to its groups", async () => {
    const { packed } = twoCheckpoints(llamaJson, llamaTensors(), mixed, {
      bits: 8,
      group_size: 32,
    });
    await expect(tensorsOf(packed)).rejects.toBeInstanceOf(WeightShapeError);
  });
});

describe("quantizing on load", () => {
  it("replaces each number by the nearest of its group's codes", () => {
    const weight = mx.random.normal([6, 64], mx.float32, 0, 1, mx.random.key(3));
    for (const bits of [2, 4, 8]) {
      expect(isPackable(weight.shape, { bits, groupSize: 32 })).toBe(bits !== 2);
      if (bits === 2) continue;
      const restored = toFlat(unpack(pack(weight, { bits, groupSize: 32 })));
      const original = toFlat(weight);
      for (let group = 0; group < original.length; group += 32) {
        const numbers = original.slice(group, group + 32);
        const step = (Math.max(...numbers) - Math.min(...numbers)) / (2 ** bits - 1);
        for (const [index, number] of numbers.entries()) {
          // Scale and zero are themselves nudged so that zero is a code, which costs up to half a step more.
          expect(Math.abs(restored[group + index] - number)).toBeLessThan(1.1 * step);
        }
      }
    }
  });

  it("packs linear layers and embeddings and keeps what does not divide into groups", async () => {
    const model = await loadModel(writeCheckpoint(), {
      quantize: { bits: 8, groupSize: 32, overrides: { lmHead: false } },
    });
    const { selfAttn, mlp } = model.module.layers[0];
    expect(selfAttn.qProj).toBeInstanceOf(QuantizedLinear);
    expect(mlp.downProj).not.toBeInstanceOf(QuantizedLinear); // 48 inputs
    expect(model.module.lmHead).not.toBeInstanceOf(QuantizedLinear);
    const [a, b] = [
      await model.run(prompt),
      await (await loadModel(writeCheckpoint())).run(prompt),
    ];
    const [, scale] = [0, Number(mx.max(mx.abs(b.get("output"))).item())];
    const difference = maxDifference(a.get("output"), b.get("output"));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.05 * scale);
  });

  it("names unknown bits and unknown layers", async () => {
    const folder = writeCheckpoint();
    const wrong = loadModel(folder, { quantize: { bits: 5 } });
    await expect(wrong).rejects.toBeInstanceOf(InvalidArgumentError);
    const misspelt = loadModel(folder, { quantize: { overrides: { "layers.0.mlp.down": false } } });
    await expect(misspelt).rejects.toThrow(/layers\.0\.mlp\.down/);
  });
});
