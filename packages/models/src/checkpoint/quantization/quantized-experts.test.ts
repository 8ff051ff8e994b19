/** Mixtures of experts whose weights are packed: read as mlx-lm writes them, packed on loading, saved. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { Dispatch } from "../../decoder/experts/dispatch.js";
import { ExpertLinear } from "../../decoder/experts/expert-linear.js";
import { loadModel } from "../../index.js";
import { pack, unpack } from "../../packed/scheme.js";
import { temporaryFolder, writeCheckpoint } from "../../test-support/checkpoints.js";
import { mixtralJson, mixtralTensors } from "../../test-support/mixtures.js";
import { maxDifference } from "../../test-support/reference.js";
import { QuantizedExpertLinear, QuantizedRouter } from "./quantized-experts.js";

const prompt = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3];
const save = ["layers.0.mlp.**", "output"];
const block = "model.layers.0.block_sparse_moe";
const parts = ["weight", "scales", "biases"] as const;

type Tensors = Record<string, MxArray>;

/** The experts and the router packed, under names of either kind, and what the codes stand for in full. */
function twoFolders(stacked: boolean): { readonly packed: string; readonly plain: string } {
  const [packed, plain]: [Tensors, Tensors] = [{}, {}];
  const stacks: Record<string, MxArray[]> = {};
  const names: Record<string, string> = { w1: "gate_proj", w2: "down_proj", w3: "up_proj" };
  for (const [name, array] of Object.entries(mixtralTensors())) {
    const [, expert] = /experts\.\d+\.(w\d)/.exec(name) ?? [];
    const router = name.endsWith("gate.weight");
    const scheme = { bits: router ? 8 : 4, groupSize: 32 };
    const coded = expert || router ? pack(array, scheme) : undefined;
    plain[name] = coded ? unpack(coded) : array;
    if (!coded) packed[name] = array;
    for (const part of coded ? parts : []) {
      const key = stacked && expert ? `${block}.switch_mlp.${names[expert]}.${part}` : undefined;
      if (key) stacks[key] = [...(stacks[key] ?? []), coded?.[part] as MxArray];
      else packed[name.replace(/weight$/, part)] = coded?.[part] as MxArray;
    }
  }
  for (const [name, arrays] of Object.entries(stacks)) packed[name] = mx.stack(arrays, 0);
  const quantization = { bits: 4, group_size: 32, [`${block}.gate`]: { bits: 8, group_size: 32 } };
  return {
    packed: writeCheckpoint({ ...mixtralJson, quantization }, packed),
    plain: writeCheckpoint(mixtralJson, plain),
  };
}

describe("a checkpoint with packed experts", () => {
  for (const stacked of [true, false]) {
    it(`computes what its numbers compute, ${stacked ? "stacked" : "one expert a tensor"}`, async () => {
      const folders = twoFolders(stacked);
      const [packed, plain] = [await loadModel(folders.packed), await loadModel(folders.plain)];
      const { mlp } = packed.module.layers[0];
      expect(mlp.downProj).toBeInstanceOf(QuantizedExpertLinear);
      expect(mlp.router).toBeInstanceOf(QuantizedRouter);
      const sites = (model: typeof packed) => model.sites().map(({ site, axes }) => [site, axes]);
      expect(sites(packed)).toEqual(sites(plain));
      const [a, b] = [await packed.run(prompt, { save }), await plain.run(prompt, { save })];
      expect(a.keys()).toEqual(b.keys());
      for (const site of b.keys()) {
        expect(maxDifference(a.get(site), b.get(site)), site).toBeLessThan(1e-5);
      }
    });
  }

  it("has the gradients of what its numbers compute", async () => {
    const folders = twoFolders(true);
    const [packed, plain] = [await loadModel(folders.packed), await loadModel(folders.plain)];
    const x = mx.random.normal([1, 10, 32], mx.float32, 0, 1, mx.random.key(8));
    const [a, b] = [packed, plain].map(({ module: { layers } }) =>
      mx.grad((input: MxArray) => mx.sum(mx.square(layers[0].mlp.forward(input))))(x),
    );
    const size = Number(mx.max(mx.abs(b as MxArray)).item());
    expect(size).toBeGreaterThan(0);
    expect(maxDifference(a as MxArray, b as MxArray) / size).toBeLessThan(1e-6);
  });
});

describe("packing experts on loading", () => {
  const quantize = { bits: 8, groupSize: 32 };

  it("packs every expert as it would be packed alone, and leaves the router", async () => {
    const model = await loadModel(writeCheckpoint(mixtralJson, mixtralTensors()), { quantize });
    const { mlp } = model.module.layers[0];
    const found = unpack(mlp.upProj as unknown as QuantizedExpertLinear);
    const alone = mixtralTensors()[`${block}.experts.2.w3.weight`];
    expect(maxDifference(found.index(2), unpack(pack(alone, quantize)))).toBe(0);
    expect(mlp.router).not.toBeInstanceOf(QuantizedRouter);
  });

  it("is saved as mlx-lm reads it, and loads again", async () => {
    const model = await loadModel(writeCheckpoint(mixtralJson, mixtralTensors()), { quantize });
    const folder = join(temporaryFolder(), "saved");
    await model.saveModel(folder);
    const names = Object.keys(mx.load(join(folder, "model.safetensors")));
    for (const part of parts) expect(names).toContain(`${block}.switch_mlp.down_proj.${part}`);
    expect(names.filter((name) => name.includes("experts"))).toEqual([]);
    const json = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
    expect(json.quantization).toEqual({ bits: 8, group_size: 32 });
    const [a, b] = [await model.run(prompt), await (await loadModel(folder)).run(prompt)];
    expect(maxDifference(a.get("output"), b.get("output"))).toBe(0);
  });
});

describe("experts in two tensors, as transformers 5 holds them", () => {
  it("are the same as one by one", async () => {
    const tensors: Tensors = {};
    const pieces: Record<string, MxArray[]> = { w1: [], w2: [], w3: [] };
    for (const [name, array] of Object.entries(mixtralTensors())) {
      const [, expert] = /experts\.\d+\.(w\d)/.exec(name) ?? [];
      if (expert) pieces[expert].push(array);
      else tensors[name.replace("block_sparse_moe", "mlp")] = array;
    }
    const stack = (name: string) => mx.stack(pieces[name], 0);
    tensors["model.layers.0.mlp.experts.gate_up_proj"] = mx.concatenate(
      [stack("w1"), stack("w3")],
      1,
    );
    tensors["model.layers.0.mlp.experts.down_proj"] = stack("w2");
    const [a, b] = [
      await (await loadModel(writeCheckpoint(mixtralJson, tensors))).run(prompt),
      await (await loadModel(writeCheckpoint(mixtralJson, mixtralTensors()))).run(prompt),
    ];
    expect(maxDifference(a.get("output"), b.get("output"))).toBe(0);
  });
});

describe("packed experts", () => {
  const scheme = { bits: 4, groupSize: 32 };
  const random = (...shape: number[]) =>
    mx.random.normal(shape, mx.float32, 0, 1, mx.random.key(4));
  const packed = pack(random(3, 16, 64), scheme);
  const axes = ["batch", "position", "topK", "mlpHidden"] as const;
  const layer = new QuantizedExpertLinear(packed, random(3, 16), axes);
  const plain = new ExpertLinear(3, { from: 64, to: 16, bias: true }, axes);
  plain.weight = unpack(packed);
  plain.bias = layer.bias;

  for (const length of [1, 5, 60]) {
    it(`compute the same for ${length} tokens, one by one or all at once`, () => {
      const indices = mx.random.randint(0, 3, [1, length, 2], mx.int32, mx.random.key(5));
      const x = random(1, length, 64);
      const [received, expected] = [layer, plain].map((experts) =>
        experts.forward(x, new Dispatch(indices, 3)),
      );
      expect(maxDifference(received, expected)).toBeLessThan(1e-4);
    });
  }
});
