/** Mixtures of experts: their sites, what changing each of them does, and their descriptions. */
import { MissingAnatomyError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InvalidDecoderConfigError } from "../../errors.js";
import { smallConfig } from "../../test-support/checkpoints.js";
import { smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import type { DecoderConfig } from "../config/config.js";
import type { ExpertsConfig } from "../config/experts-config.js";
import { Mlp } from "../mlp/mlp.js";
import { Decoder } from "../model/decoder.js";
import { MixtureOfExperts } from "./moe.js";

const experts: ExpertsConfig = { count: 4, topK: 2, scoring: "softmax", normalized: true };

function sparseConfig(change: Partial<ExpertsConfig> = {}): DecoderConfig {
  const { layers, ...rest } = smallConfig("llama");
  const [dense, sparse] = layers;
  return {
    ...rest,
    layers: [dense, { ...sparse, mlp: { ...sparse.mlp, experts: { ...experts, ...change } } }],
  };
}

const prompts = [
  [3, 1, 4, 1, 5, 9],
  [2, 7, 1, 8, 2, 8],
];
const at = (name: string) => `layers.1.mlp.${name}`;

describe("a mixture of experts", () => {
  const model = smallModel(sparseConfig());
  const mixture = model.module.layers[1].mlp as MixtureOfExperts;
  const names = ["router", "expertIndices", "expertWeights", "pre", "gate", "post", "downProj"];

  /** What a single expert makes of the layer's normalised stream, by its own matrices. */
  const expertAlone = (expert: number, x: MxArray) => {
    const matrix = (part: "gateProj" | "upProj" | "downProj") =>
      mixture[part].weight.index(expert).T;
    const pre = mx.matmul(x, matrix("gateProj"));
    const active = mx.multiply(mx.multiply(pre, mx.sigmoid(pre)), mx.matmul(x, matrix("upProj")));
    return mx.matmul(active, matrix("downProj"));
  };

  it("stands beside dense layers", () => {
    expect(model.module.layers[0].mlp).toBeInstanceOf(Mlp);
    expect(mixture).toBeInstanceOf(MixtureOfExperts);
  });

  it("has its sites, with axes", async () => {
    const cache = await model.run(prompts, { save: names.map(at) });
    const shapes = Object.fromEntries(names.map((name) => [name, cache.get(at(name)).shape]));
    expect(shapes).toEqual({
      router: [2, 6, 4],
      expertIndices: [2, 6, 2],
      expertWeights: [2, 6, 2],
      pre: [2, 6, 2, 48],
      gate: [2, 6, 2, 48],
      post: [2, 6, 2, 48],
      downProj: [2, 6, 2, 32],
    });
    const axes = Object.fromEntries(model.sites(at("*")).map(({ site, axes }) => [site, axes]));
    expect(axes[at("router")]).toEqual(["batch", "position", "experts"]);
    expect(axes[at("expertWeights")]).toEqual(["batch", "position", "topK"]);
    expect(axes[at("downProj")]).toEqual(["batch", "position", "topK", "hidden"]);
    using trace = model.trace(prompts);
    expect(trace.layers[1].mlp.expertWeights.shape).toEqual([2, 6, 2]);
  });

  it("adds up what its experts say, by their weights", async () => {
    const save = [at("expertWeights"), at("downProj"), "layers.1.mlp"];
    const cache = await model.run(prompts, { save });
    const [weights, outputs, write] = save.map((site) => cache.get(site));
    const sum = mx.sum(mx.multiply(mx.expandDims(weights, 3), outputs), 2);
    expect(maxDifference(sum, write)).toBeLessThan(1e-5);
  });

  it("goes to the expert that an intervention names", async () => {
    const normalized = "layers.1.postAttentionNorm";
    for (const expert of [0, 3]) {
      const cache = await model.run(prompts, {
        save: [normalized, "layers.1.mlp", at("expertWeights")],
        interventions: { [at("expertIndices")]: (x) => mx.full(x.shape, expert).astype(x.dtype) },
      });
      const expected = expertAlone(expert, cache.get(normalized));
      expect(maxDifference(cache.get("layers.1.mlp"), expected)).toBeLessThan(1e-4);
      expect(maxDifference(cache.get(at("expertWeights")), mx.full([2, 6, 2], 0.5))).toBe(0);
    }
  });

  it("follows a router whose logits are changed", async () => {
    const favour = mx.array([0, 0, 50, 0]);
    const cache = await model.run(prompts, {
      save: [
        at("expertIndices"),
        at("expertWeights"),
        "layers.1.postAttentionNorm",
        "layers.1.mlp",
      ],
      interventions: { [at("router")]: (x) => mx.add(x, favour) },
    });
    const first = cache.get(at("expertIndices")).index("...", 0);
    expect(maxDifference(first, mx.full([2, 6], 2, mx.int32))).toBe(0);
    const expected = expertAlone(2, cache.get("layers.1.postAttentionNorm"));
    expect(maxDifference(cache.get("layers.1.mlp"), expected)).toBeLessThan(1e-4);
  });

  it("writes nothing when all weights are 0, and twice as much when they are doubled", async () => {
    const write = async (factor: number) => {
      const interventions = { [at("expertWeights")]: (x: MxArray) => mx.multiply(x, factor) };
      return (await model.run(prompts, { save: "layers.1.mlp", interventions })).get(
        "layers.1.mlp",
      );
    };
    const plain = (await model.run(prompts, { save: "layers.1.mlp" })).get("layers.1.mlp");
    expect(maxDifference(await write(0), mx.zeros([2, 6, 32]))).toBe(0);
    expect(maxDifference(await write(2), mx.multiply(plain, 2))).toBeLessThan(1e-5);
  });

  it("gives a prompt in a batch what it gives the prompt alone", async () => {
    const short = prompts[0].slice(0, 3);
    const together = model.forward([short, prompts[1]]).index(mx.Slice(0, 1), mx.Slice(0, 3));
    expect(maxDifference(together, model.forward([short]))).toBeLessThan(1e-5);
  });

  it("has no single W_in to show", () => {
    expect(model.anatomy.weights(0).W_in.shape).toEqual([32, 48]);
    expect(model.anatomy.weights(1).W_Q.shape).toEqual([4, 32, 8]);
    expect(() => model.anatomy.weights(1).W_in).toThrow(MissingAnatomyError);
  });
});

describe("a shared expert", () => {
  it("sees every token beside the chosen ones", async () => {
    const model = smallModel(sparseConfig({ sharedHidden: 24 }));
    const none = { [at("expertWeights")]: (x: MxArray) => mx.zerosLike(x) };
    const save = ["layers.1.mlp", at("sharedExpert")];
    const cache = await model.run(prompts, { save, interventions: none });
    expect(maxDifference(cache.get(save[0]), cache.get(save[1]))).toBe(0);
    expect(model.sites(at("sharedExpert.*")).map(({ site }) => site)).toContain(
      at("sharedExpert.post"),
    );
  });
});

describe("the description of experts", () => {
  const refused: [string, Partial<ExpertsConfig>, string][] = [
    ["more chosen than there are", { topK: 5 }, "5 of 4 experts"],
    ["groups of one", { groups: { count: 4, chosen: 2 } }, "groups of two or more"],
    ["too few groups", { topK: 3, groups: { count: 2, chosen: 1 } }, "do not hold 3 experts"],
  ];
  for (const [name, change, message] of refused) {
    it(`is refused for ${name}`, () => {
      expect(() => new Decoder(sparseConfig(change))).toThrow(InvalidDecoderConfigError);
      expect(() => new Decoder(sparseConfig(change))).toThrow(message);
    });
  }

  it("is refused for MLPs without a gate", () => {
    const { layers, ...rest } = smallConfig("gpt2");
    const config = {
      ...rest,
      layers: layers.map((layer) => ({ ...layer, mlp: { ...layer.mlp, experts } })),
    };
    expect(() => new Decoder(config)).toThrow("experts need gated MLPs");
  });
});
