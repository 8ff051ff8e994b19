/** LoRA adapters: merged and live, against weights that are changed by hand, and every setting that is refused. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { keySequence } from "../../decoder/model/initialize.js";
import {
  CheckpointNotFoundError,
  loadModel,
  UnexpectedWeightsError,
  UnsupportedConfigError,
  WeightShapeError,
} from "../../index.js";
import {
  gpt2Json,
  gpt2Tensors,
  llamaJson,
  llamaTensors,
  temporaryFolder,
  writeCheckpoint,
} from "../../test-support/checkpoints.js";
import { maxDifference } from "../../test-support/reference.js";
import { LoraLinear } from "./lora-linear.js";

const prompt = [3, 1, 4, 1, 5];
const settings = {
  peft_type: "LORA",
  r: 4,
  lora_alpha: 10,
  target_modules: ["q_proj"],
  bias: "none",
};

type Factors = Record<string, { readonly down: MxArray; readonly up: MxArray }>;

/** Random factors for modules of (out, in). */
function factors(shapes: Readonly<Record<string, readonly [number, number]>>, rank = 4): Factors {
  const keys = keySequence(11);
  const random = (shape: number[]) => mx.random.normal(shape, mx.float32, 0, 0.3, keys());
  return Object.fromEntries(
    Object.entries(shapes).map(([module, [outputs, inputs]]) => [
      module,
      { down: random([rank, inputs]), up: random([outputs, rank]) },
    ]),
  );
}

function writeAdapter(changes: Factors, json: object = settings, extra = {}): string {
  const folder = temporaryFolder();
  const tensors = Object.entries(changes).flatMap(([module, { down, up }]) => [
    [`base_model.model.${module}.lora_A.weight`, down],
    [`base_model.model.${module}.lora_B.weight`, up],
  ]);
  writeFileSync(join(folder, "adapter_config.json"), JSON.stringify(json));
  const file = join(folder, "adapter_model.safetensors");
  mx.saveSafetensors(file, { ...Object.fromEntries(tensors), ...extra });
  return folder;
}

/** The base's tensors with `scale · up · down` added by hand. */
function mergedByHand(
  tensors: Record<string, MxArray>,
  changes: Factors,
  scaleOf: (module: string) => number,
  transposed = false,
): Record<string, MxArray> {
  const merged = { ...tensors };
  for (const [module, { down, up }] of Object.entries(changes)) {
    const change = mx.multiply(mx.matmul(up, down), scaleOf(module));
    merged[`${module}.weight`] = mx.add(
      tensors[`${module}.weight`],
      transposed ? change.T : change,
    );
  }
  return merged;
}

const llamaChanges = () =>
  factors({
    "model.layers.0.self_attn.q_proj": [32, 32],
    "model.layers.1.self_attn.v_proj": [16, 32],
    "model.layers.1.self_attn.o_proj": [32, 32],
    "model.layers.1.mlp.down_proj": [32, 48],
  });

describe("an adapter for llama", () => {
  for (const [name, json, scaleOf] of [
    ["α / r", settings, () => 2.5],
    ["α / √r", { ...settings, use_rslora: true }, () => 5],
    [
      "a pattern of α",
      { ...settings, alpha_pattern: { "mlp.down_proj": 2, v_proj: 1 } },
      (module: string) =>
        module.endsWith("down_proj") ? 0.5 : module.endsWith("v_proj") ? 0.25 : 2.5,
    ],
  ] as [string, object, (module: string) => number][]) {
    it(`changes the model as its weights would, merged and live, by ${name}`, async () => {
      const changes = llamaChanges();
      const base = writeCheckpoint();
      const adapter = writeAdapter(changes, json);
      const byHand = mergedByHand(llamaTensors(), changes, scaleOf);
      const expected = (
        await (await loadModel(writeCheckpoint(llamaJson, byHand))).run(prompt)
      ).get("output");
      const merged = await loadModel(base, { adapter });
      const live = await loadModel(base, { adapter, live: true });
      expect(maxDifference((await merged.run(prompt)).get("output"), expected)).toBeLessThan(1e-5);
      expect(maxDifference((await live.run(prompt)).get("output"), expected)).toBeLessThan(1e-4);
      const plain = (await (await loadModel(base)).run(prompt)).get("output");
      expect(maxDifference(plain, expected)).toBeGreaterThan(0.1);
    });
  }

  it("is a module with sites of its own while it is live", async () => {
    const adapter = writeAdapter(llamaChanges());
    const base = writeCheckpoint();
    const live = await loadModel(base, { adapter, live: true });
    expect(live.module.layers[0].selfAttn.qProj).toBeInstanceOf(LoraLinear);
    const path: string = "layers.0.selfAttn.qProj"; // what an adapter adds is not in the type of the model
    const cache = await live.run(prompt, { save: [path, `${path}.*`] });
    expect(cache.get(`${path}.down`).shape).toEqual([1, 5, 4]);
    const sum = mx.add(cache.get(`${path}.base`), mx.multiply(cache.get(`${path}.up`), 2.5));
    expect(maxDifference(sum, cache.get(path))).toBe(0);
    const silenced = await live.run(prompt, {
      interventions: { ["layers.{0,1}.**.up" as string]: (x: MxArray) => mx.multiply(x, 0) },
      save: "output",
    });
    const plain = (await (await loadModel(base)).run(prompt)).get("output");
    expect(maxDifference(silenced.get("output"), plain)).toBe(0);
  });

  it("shows in what each head writes", async () => {
    const live = await loadModel(writeCheckpoint(), {
      adapter: writeAdapter(llamaChanges()),
      live: true,
    });
    const save = ["layers.1.selfAttn.result", "layers.1.selfAttn"];
    const cache = await live.run(prompt, { save });
    const sum = mx.sum(cache.get("layers.1.selfAttn.result"), 2);
    expect(maxDifference(sum, cache.get("layers.1.selfAttn"))).toBeLessThan(1e-5);
    const { W_O } = live.anatomy.weights(1);
    expect(W_O.shape).toEqual([4, 8, 32]);
  });

  it("is saved as part of the weights", async () => {
    const changes = llamaChanges();
    const live = await loadModel(writeCheckpoint(), { adapter: writeAdapter(changes), live: true });
    const folder = join(temporaryFolder(), "saved");
    await live.save(folder);
    const saved = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
    const byHand = mergedByHand(llamaTensors(), changes, () => 2.5);
    expect(Object.keys(saved).sort()).toEqual(Object.keys(byHand).sort());
    for (const [name, array] of Object.entries(byHand)) {
      expect(maxDifference(saved[name], array), name).toBeLessThan(1e-6);
    }
  });

  it("stands beside packed weights", async () => {
    const base = writeCheckpoint();
    const adapter = writeAdapter(llamaChanges());
    const quantize = { bits: 8, groupSize: 32 };
    const live = await loadModel(base, { quantize, adapter, live: true });
    const full = await loadModel(base, { adapter });
    const expected = (await full.run(prompt)).get("output");
    const size = Number(mx.max(mx.abs(expected)).item());
    expect(maxDifference((await live.run(prompt)).get("output"), expected)).toBeLessThan(
      0.05 * size,
    );
  });

  it("is in the weights before they are packed", async () => {
    const changes = llamaChanges();
    const quantize = { bits: 8, groupSize: 32 };
    const byHand = mergedByHand(llamaTensors(), changes, () => 2.5);
    const [model, merged] = await Promise.all([
      loadModel(writeCheckpoint(), { quantize, adapter: writeAdapter(changes) }),
      loadModel(writeCheckpoint(llamaJson, byHand), { quantize }),
    ]);
    const [a, b] = [await model.run(prompt), await merged.run(prompt)];
    expect(maxDifference(a.get("output"), b.get("output"))).toBeLessThan(1e-5);
  });

  it("does not go into weights that the file has packed", async () => {
    const packed = join(temporaryFolder(), "packed");
    const model = await loadModel(writeCheckpoint(), { quantize: { bits: 8, groupSize: 32 } });
    await model.save(packed);
    const adapter = writeAdapter(llamaChanges());
    await expect(loadModel(packed, { adapter })).rejects.toThrow(/live: true/);
  });
});

describe("an adapter for GPT-2", () => {
  it("changes fused and transposed weights as well", async () => {
    const changes = factors(
      {
        "h.0.attn.c_attn": [96, 32],
        "h.1.attn.c_proj": [32, 32],
        "h.1.mlp.c_fc": [48, 32],
      },
      32,
    );
    const json = { ...settings, r: 32, lora_alpha: 16, fan_in_fan_out: true };
    const adapter = writeAdapter(changes, json);
    const base = writeCheckpoint(gpt2Json, gpt2Tensors());
    const byHand = mergedByHand(gpt2Tensors(), changes, () => 0.5, true);
    const expected = (await (await loadModel(writeCheckpoint(gpt2Json, byHand))).run(prompt)).get(
      "output",
    );
    for (const live of [false, true]) {
      const model = await loadModel(base, { adapter, live });
      expect(maxDifference((await model.run(prompt)).get("output"), expected)).toBeLessThan(1e-4);
    }
  });
});

describe("an adapter that cannot be applied", () => {
  const one = () => factors({ "model.layers.0.self_attn.q_proj": [32, 32] });

  for (const [field, value] of [
    ["peft_type", "IA3"],
    ["lora_bias", true],
    ["target_parameters", ["experts.weight"]],
    ["layer_replication", [[0, 1]]],
    ["init_lora_weights", "pissa"],
    ["trainable_token_indices", [3]],
  ] as const) {
    it(`is refused for ${field}`, async () => {
      const adapter = writeAdapter(one(), { ...settings, [field]: value });
      const loading = loadModel(writeCheckpoint(), { adapter });
      await expect(loading).rejects.toBeInstanceOf(UnsupportedConfigError);
      await expect(loading).rejects.toMatchObject({ field, value });
    });
  }

  it("names the files it lacks", async () => {
    const adapter = temporaryFolder();
    const loading = loadModel(writeCheckpoint(), { adapter });
    await expect(loading).rejects.toBeInstanceOf(CheckpointNotFoundError);
    await expect(loading).rejects.toThrow(/adapter_config\.json/);
  });

  it("names modules that the base model does not have", async () => {
    const adapter = writeAdapter(factors({ "model.layers.7.self_attn.q_proj": [32, 32] }));
    const loading = loadModel(writeCheckpoint(), { adapter });
    await expect(loading).rejects.toBeInstanceOf(UnexpectedWeightsError);
    await expect(loading).rejects.toThrow(/layers\.7/);
  });

  it("names tensors that are no factors, and factors without a counterpart", async () => {
    const name = "base_model.model.model.layers.0.mlp.up_proj.lora_A.weight";
    for (const extra of [{ [name]: mx.zeros([4, 32]) }, { "base_model.x": mx.zeros([2, 2]) }]) {
      const adapter = writeAdapter(one(), settings, extra);
      const error = await loadModel(writeCheckpoint(), { adapter }).catch(
        (cause: unknown) => cause,
      );
      expect(error).toBeInstanceOf(UnexpectedWeightsError);
      expect((error as UnexpectedWeightsError).weights).toEqual(Object.keys(extra));
    }
  });

  it("names factors of a wrong shape", async () => {
    const adapter = writeAdapter(factors({ "model.layers.0.self_attn.q_proj": [32, 30] }));
    const loading = loadModel(writeCheckpoint(), { adapter });
    await expect(loading).rejects.toBeInstanceOf(WeightShapeError);
  });
});
