/** BERT against transformers, its padding, its sites, and the older spelling of its files. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import type { EncoderLayer } from "../encoder/layer.js";
import { NotGenerativeError, UnsupportedConfigError } from "../errors.js";
import { MaskedLanguageModel } from "../masked-model/masked-language-model.js";
import { writeCheckpoint } from "../test-support/checkpoints.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const folder = referenceFolder("bert/base");
const pattern = "layers.*.selfAttn.pattern";

describe("bert", () => {
  const opened = loadModel(folder, { as: MaskedLanguageModel });
  const activations = readActivations(folder);
  const ids = rows(activations.input_ids);

  it("has transformers' hidden states, patterns and logits", async () => {
    const model = await opened;
    const cache = await model.run(ids, {
      save: ["layers.0.input", "layers.*", pattern, "output"],
    });
    expect(maxDifference(cache.get("layers.0.input"), activations["hidden.0"])).toBeLessThan(1e-4);
    for (let layer = 0; layer < 2; layer++) {
      const hidden = cache.get(`layers.${layer}`);
      expect(maxDifference(hidden, activations[`hidden.${layer + 1}`])).toBeLessThan(1e-4);
      const weights = cache.get(`layers.${layer}.selfAttn.pattern`);
      expect(maxDifference(weights, activations[`attn.${layer}`])).toBeLessThan(1e-5);
    }
    expect(maxDifference(cache.get("output"), activations.logits)).toBeLessThan(1e-4);
  });

  it("takes the unfused way to the same logits", async () => {
    const model = await opened;
    const interventions = {
      [pattern]: (x: MxArray) => x,
      "layers.*.selfAttn.result": (x: MxArray) => x,
    };
    const cache = await model.run(ids, { interventions });
    expect(maxDifference(cache.get("output"), activations.logits)).toBeLessThan(1e-4);
  });

  it("hides padding: a prompt in a batch equals transformers' masked batch and the prompt alone", async () => {
    const model = await opened;
    const prompts = [ids[0].slice(0, 7), ids[1]];
    const ours = (await model.run(prompts)).get("output");
    const real = mx.expandDims(activations.padded_mask, 2);
    const apart = mx.multiply(mx.subtract(ours, activations.padded_logits), real);
    expect(maxDifference(apart, mx.zerosLike(apart))).toBeLessThan(1e-4);
    const alone = model.forward([prompts[0]]);
    expect(maxDifference(ours.index(mx.Slice(0, 1), mx.Slice(0, 7)), alone)).toBeLessThan(1e-5);
    expect(maxDifference(model.forward(prompts), ours)).toBe(0);
  });

  it("keeps the mask when the caller gives token types", async () => {
    const model = await opened;
    const prompts = [ids[0].slice(0, 7), ids[1]];
    const tokenTypes = mx.zeros([2, 12], mx.int32);
    const logits = model.forward(prompts, { tokenTypes });
    expect(maxDifference(logits, model.forward(prompts))).toBe(0);
    const second = model.forward(prompts, { tokenTypes: mx.ones([2, 12], mx.int32) });
    expect(maxDifference(second, logits)).toBeGreaterThan(0.01);
  });

  it("has the same gradient at the input of layer 1", async () => {
    const { module } = await opened;
    const metric = (hidden: MxArray) => {
      const [, layer] = module.layers as EncoderLayer[];
      const logits = module.unembed(layer.forward(hidden, null));
      return mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7));
    };
    const gradient = mx.grad(metric)(activations["hidden.1"]);
    expect(maxDifference(gradient, activations["grad.hidden.1"])).toBeLessThan(1e-4);
  });

  it("adds up: the residual stream, attention's write and the MLP's, each before its norm", async () => {
    const model = await opened;
    const at = (name: string) => `layers.1.${name}`;
    const names = ["input", "selfAttn", "residMid", "postAttentionNorm", "mlp", "residPost"];
    const cache = await model.run(ids, { save: names.map(at) });
    const [input, attention, middle, normalized, mlp, sum] = names.map((name) =>
      cache.get(at(name)),
    );
    expect(maxDifference(mx.add(input, attention), middle)).toBe(0);
    expect(maxDifference(mx.add(normalized, mlp), sum)).toBe(0);
  });

  it("lets every token see every other", async () => {
    const model = await opened;
    const weights = (await model.run(ids, { save: pattern })).get("layers.0.selfAttn.pattern");
    expect(Number(mx.min(weights).item())).toBeGreaterThan(0);
  });

  it("predicts no next token", async () => {
    const model = await opened;
    expect(() => model.generate("a")).toThrow(NotGenerativeError);
  });

  it("loads old files: gamma and beta, the pooler, copies of tied weights", async () => {
    const tensors = mx.load(join(folder, "model.safetensors")) as Record<string, MxArray>;
    const old = Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => {
        const spelled = name
          .replace("LayerNorm.weight", "LayerNorm.gamma")
          .replace("LayerNorm.bias", "LayerNorm.beta");
        return [spelled, tensor];
      }),
    );
    const json = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    const copy = writeCheckpoint(json, {
      ...old,
      "bert.embeddings.position_ids": mx.zeros([1, 64]),
      "bert.pooler.dense.weight": mx.zeros([32, 32]),
      "cls.predictions.decoder.weight": tensors["bert.embeddings.word_embeddings.weight"],
      "cls.predictions.decoder.bias": tensors["cls.predictions.bias"],
      "cls.seq_relationship.weight": mx.zeros([2, 32]),
    });
    const model = await loadModel(copy, { as: MaskedLanguageModel });
    expect(maxDifference(model.forward(ids), activations.logits)).toBeLessThan(1e-4);
  });

  it("refuses settings that compute something else", async () => {
    const json = JSON.parse(readFileSync(join(folder, "config.json"), "utf8")) as object;
    for (const change of [
      { position_embedding_type: "relative_key" },
      { is_decoder: true },
      { hidden_act: "mish" },
      { num_attention_heads: 5 },
    ]) {
      const opening = loadModel(writeCheckpoint({ ...json, ...change }, {}), {
        as: MaskedLanguageModel,
      });
      await expect(opening).rejects.toThrow(UnsupportedConfigError);
    }
  });
});
