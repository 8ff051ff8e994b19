/** Families with experts: what their config.json means, and how their files are stacked. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import { checkDecoderConfig } from "../decoder/config/config-rules.js";
import { setParameters } from "../decoder/parameters.js";
import { MissingWeightsError, UnexpectedWeightsError, UnsupportedConfigError } from "../errors.js";
import { writeCheckpoint } from "../test-support/checkpoints.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";
import { deepseekV3 } from "./deepseek_v3/family.js";
import { gptOss } from "./gpt_oss/family.js";
import { mixtral } from "./mixtral/family.js";
import { olmoe } from "./olmoe/family.js";
import { qwen3Moe } from "./qwen3_moe/family.js";
import type { Family } from "./shared/family.js";

const sizes = {
  vocab_size: 19,
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 4,
  num_attention_heads: 4,
};

const describeWith = (family: Family) => (change: object) =>
  checkDecoderConfig(family.describe({ ...sizes, ...change }, "config.json"));

describe("qwen3_moe's config", () => {
  const describeQwen = describeWith(qwen3Moe);

  it("keeps the layers dense that are named or fall between the steps", () => {
    const { layers } = describeQwen({ decoder_sparse_step: 2, mlp_only_layers: [3] });
    expect(layers.map(({ mlp }) => mlp.experts !== undefined)).toEqual([false, true, false, false]);
    expect(layers.map(({ mlp }) => mlp.hidden)).toEqual([48, 768, 48, 48]);
  });

  it("counts experts under either name, and leaves weights as they are unless told", () => {
    for (const change of [{ num_experts: 6 }, { num_local_experts: 6 }]) {
      const { count, topK, normalized } = describeQwen({ ...change, num_experts_per_tok: 3 })
        .layers[0].mlp.experts!;
      expect([count, topK, normalized]).toEqual([6, 3, false]);
    }
  });
});

describe("gpt_oss's config", () => {
  const describeOss = describeWith(gptOss);

  it("has a window in every other layer, sinks and biases", () => {
    const { layers } = describeOss({ num_local_experts: 8, head_dim: 8 });
    expect(layers.map(({ attention }) => attention.window)).toEqual([
      128,
      undefined,
      128,
      undefined,
    ]);
    expect(layers[0].attention).toMatchObject({ sinks: true, qkvBias: true, outputBias: true });
    expect(layers[0].mlp).toMatchObject({
      bias: true,
      experts: { clampedAt: 7, routerBias: true },
    });
  });

  it("refuses packed weights and other bounds", () => {
    for (const change of [
      { swiglu_limit: 5 },
      { quantization_config: { quant_method: "mxfp4" } },
    ]) {
      const opening = () => describeOss({ num_local_experts: 8, ...change });
      expect(opening).toThrow(UnsupportedConfigError);
    }
  });
});

describe("deepseek_v3's config", () => {
  const describeDeepseek = describeWith(deepseekV3);

  it("has the published model's sizes where nothing is said", () => {
    const { layers } = describeDeepseek({ n_routed_experts: 256 });
    expect(layers.map(({ mlp }) => mlp.experts !== undefined)).toEqual([false, false, false, true]);
    const { attention, mlp } = layers[3];
    expect(attention).toMatchObject({ headDim: 192, kvHeads: 4, latent: { queryRank: 1536 } });
    expect(mlp).toMatchObject({
      hidden: 2048,
      experts: { topK: 8, scale: 2.5, groups: { count: 8, chosen: 4 }, sharedHidden: 2048 },
    });
  });

  it("reads queries from the residual stream where they have no latent, and multiplies yarn's scale", () => {
    const yarn = {
      rope_scaling: {
        type: "yarn",
        factor: 40,
        mscale: 1,
        mscale_all_dim: 1,
        original_max_position_embeddings: 4096,
      },
    };
    const { attention } = describeDeepseek({ q_lora_rank: null, ...yarn }).layers[0];
    expect(attention.latent).not.toHaveProperty("queryRank");
    const growth = 0.1 * Math.log(40) + 1;
    expect(attention.scale).toBeCloseTo(192 ** -0.5 * growth * growth, 12);
  });

  it("refuses another routing", () => {
    for (const change of [{ scoring_func: "softmax" }, { topk_method: "greedy" }, { n_group: 7 }]) {
      expect(() => describeDeepseek(change)).toThrow();
    }
  });
});

describe("mixtral's and olmoe's config", () => {
  it("differ in whether weights are normalised", () => {
    const weights = (family: Family) => describeWith(family)({}).layers[0].mlp.experts;
    expect(weights(mixtral)).toMatchObject({ count: 8, topK: 2, normalized: true });
    expect(weights(olmoe)).toMatchObject({ count: 64, topK: 8, normalized: false });
  });

  it("mean their windows and clips", () => {
    const windowed = describeWith(mixtral)({ sliding_window: 6 });
    expect(windowed.layers[3].attention.window).toBe(6);
    expect(describeWith(olmoe)({ clip_qkv: 8 }).layers[0].attention.clip).toBe(8);
  });
});

const read = (name: string) => {
  const folder = referenceFolder(`${name}/base`);
  const json = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
  const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
  return { folder, json, tensors, activations: readActivations(folder) };
};

const checkpoint = read("mixtral");
describe("experts in files", () => {
  const json = checkpoint.json;
  const tensors = checkpoint.tensors;
  const expert = (number: number) => `model.layers.1.block_sparse_moe.experts.${number}.w2.weight`;

  it("are named when one is missing", async () => {
    const { [expert(2)]: _, ...rest } = tensors;
    const opening = loadModel(writeCheckpoint(json, rest));
    await expect(opening).rejects.toThrow(MissingWeightsError);
    await expect(opening).rejects.toThrow("lacks layers.1.mlp.downProj.weight[2]");
  });

  it("are refused when there are more than the config says", async () => {
    const more = { ...tensors, [expert(4)]: tensors[expert(0)] };
    const opening = loadModel(writeCheckpoint(json, more));
    await expect(opening).rejects.toThrow(UnexpectedWeightsError);
  });

  it("become one tensor, in their order", async () => {
    const { module } = await loadModel(checkpoint.folder);
    for (const number of [0, 3]) {
      const own = module.layers[1].mlp.downProj.weight.index(number);
      expect(maxDifference(own, tensors[expert(number)])).toBe(0);
    }
  });
});

const deepseek = read("deepseek_v3");
describe("deepseek_v3's files", () => {
  it("may hold the layer that predicts one more token", async () => {
    const { json, tensors, activations } = deepseek;
    const extra = { "model.layers.2.eh_proj.weight": mx.zeros([32, 64]) };
    const model = await loadModel(writeCheckpoint(json, { ...tensors, ...extra }));
    const logits = model.forward(rows(activations.input_ids));
    expect(maxDifference(logits, activations.logits)).toBeLessThan(1e-4);
  });

  it("show one narrow vector per token, from which keys and values are read", async () => {
    const model = await loadModel(deepseek.folder);
    const sites = ["kvDownNorm", "kRopeProj", "q", "k", "v", "z", "result"];
    const save = sites.map((name) => `layers.1.selfAttn.${name}`);
    const cache = await model.run([[3, 1, 4]], { save });
    expect(save.map((site) => cache.get(site).shape)).toEqual([
      [1, 3, 16],
      [1, 3, 8],
      [1, 4, 3, 20],
      [1, 4, 3, 20],
      [1, 4, 3, 10],
      [1, 3, 4, 10],
      [1, 3, 4, 32],
    ]);
    expect(() => model.anatomy.weights(0).W_K).toThrow("W_Q, W_K and W_V");
  });
});

const oss = read("gpt_oss");
describe("gpt_oss's sinks", () => {
  it("take what a row of the pattern lacks to 1, and give it back when they are gone", async () => {
    const model = await loadModel(oss.folder);
    const site = "layers.0.selfAttn.pattern";
    const [prompt] = rows(oss.activations.input_ids);
    const sums = async () => mx.sum((await model.run([prompt], { save: site })).get(site), -1);
    expect(Number(mx.max(await sums()).item())).toBeLessThan(1);
    setParameters(model.module, [["layers.0.selfAttn.sinks", mx.full([4], -1e9)]]);
    expect(maxDifference(await sums(), mx.ones([1, 4, 12]))).toBeLessThan(1e-5);
  });
});
