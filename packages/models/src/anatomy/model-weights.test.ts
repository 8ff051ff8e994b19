/** Weight access and head circuits against what the model's own forward does. */
import { MissingAnatomyError, OutOfRangeError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { smallConfig } from "../test-support/checkpoints.js";
import { smallModel } from "../test-support/models.js";
import { maxDifference } from "../test-support/reference.js";

const prompt = [[3, 1, 4, 1, 5]];
const attention = "layers.1.selfAttn";

/** One head's part of a site: (position, …). */
const headOf = (value: MxArray, head: number) => value.index(0, mx.Slice(), head);

describe.each(["llama", "gpt2"] as const)("the weights of a %s model", (style) => {
  const config = smallConfig(style);
  const model = smallModel(config);
  const { weights } = model;
  const { heads, kvHeads } = config.layers[1].attention;

  it("are oriented so that activations multiply from the left", async () => {
    const sites = ["layers.1.inputNorm", "layers.1.postAttentionNorm", "layers.1.mlp.post"];
    const results = [`${attention}.v`, "layers.1.mlp.gate", "layers.1.mlp.pre", "layers.1.mlp"];
    const saved = style === "llama" ? results : results.filter((site) => !site.endsWith("gate"));
    const cache = await model.run(prompt, { save: [...sites, ...saved] });
    const { W_V, b_V, W_in, b_in, W_gate, b_gate, W_out, b_out } = weights.layer(-1);
    const [x, y, post] = sites.map((site) => cache.get(site));
    const linear = (input: MxArray, W: MxArray, b?: MxArray) =>
      b ? mx.add(mx.matmul(input, W), b) : mx.matmul(input, W);
    const v = linear(mx.expandDims(x, 1), W_V, b_V && mx.expandDims(b_V, 1));
    expect(maxDifference(v, cache.get(results[0]))).toBeLessThan(1e-4);
    const up = linear(y, W_in, b_in);
    expect(maxDifference(up, cache.get(W_gate ? results[1] : results[2]))).toBeLessThan(1e-4);
    if (W_gate) {
      expect(maxDifference(linear(y, W_gate, b_gate), cache.get(results[2]))).toBeLessThan(1e-4);
    }
    expect(maxDifference(linear(post, W_out, b_out), cache.get(results[3]))).toBeLessThan(1e-4);
  });

  it("begin and end the model", async () => {
    const cache = await model.run(prompt, { save: ["layers.0.input", "finalNorm", "output"] });
    const rows = weights.W_E.index(mx.array(prompt, mx.int32)); // (batch, position, hidden)
    const { W_pos, W_U, b_U } = weights;
    const embedded = W_pos ? mx.add(rows, W_pos.index(mx.Slice(0, 5))) : rows;
    expect(maxDifference(embedded, cache.get("layers.0.input"))).toBeLessThan(1e-5);
    expect(maxDifference(mx.matmul(cache.get("finalNorm"), W_U), cache.get("output"))).toBeLessThan(
      1e-3,
    );
    expect([W_U.shape, b_U]).toEqual([[32, 19], undefined]);
  });

  it("have an OV circuit for what each head writes about what it attends to", async () => {
    const itself = mx.eye(5); // every token attends to itself alone
    const cache = await model.run(prompt, {
      interventions: { [`${attention}.pattern`]: (x) => mx.broadcastTo(itself, x.shape) },
      save: ["layers.1.inputNorm", `${attention}.result`],
    });
    const x = cache.get("layers.1.inputNorm").index(0); // (position, hidden)
    const { b_V, W_O } = weights.layer(1);
    for (let head = 0; head < heads; head++) {
      const group = Math.floor((head * kvHeads) / heads);
      const shift = b_V ? mx.matmul(b_V.index(group), W_O.index(head)) : 0;
      const written = mx.add(weights.OV(1, head).apply(x), shift);
      const own = headOf(cache.get(`${attention}.result`), head);
      expect(maxDifference(written, own), `head ${head}`).toBeLessThan(1e-4);
    }
  });

  it("have a QK circuit for the scores of each head", async () => {
    const sites = ["layers.1.inputNorm", `${attention}.scores`];
    const cache = await model.run([[3]], { save: sites }); // at position 0 nothing is turned
    const x = cache.get("layers.1.inputNorm").index(0); // (1, hidden)
    const { b_Q, b_K, W_Q, W_K } = weights.layer(1);
    for (let head = 0; head < heads; head++) {
      const group = Math.floor((head * kvHeads) / heads);
      let score = mx.matmul(weights.QK(1, head).apply(x), x.T); // (1, 1)
      if (b_Q && b_K) {
        const [q, k] = [mx.matmul(x, W_Q.index(head)), mx.matmul(x, W_K.index(group))];
        const [bq, bk] = [b_Q.index(head), b_K.index(group)];
        const shifts = mx.add(mx.sum(mx.multiply(q, bk)), mx.sum(mx.multiply(mx.add(k, bk), bq)));
        score = mx.add(score, shifts);
      }
      const scaled = mx.multiply(score, config.layers[1].attention.scale);
      const own = cache.get(sites[1]).index(0, head);
      expect(maxDifference(scaled, own), `head ${head}`).toBeLessThan(1e-3);
    }
  });

  it("count heads from either end and refuse others", () => {
    const [last, negative] = [weights.OV(0, heads - 1), weights.OV(-2, -1)];
    expect(maxDifference(last.product(), negative.product())).toBe(0);
    expect(() => weights.OV(0, heads)).toThrow(OutOfRangeError);
    expect(() => weights.QK(0, -heads - 1)).toThrow(OutOfRangeError);
    expect(() => weights.layer(2)).toThrow(OutOfRangeError);
  });
});

describe("the weights of a model with other parts", () => {
  const plain = smallConfig("llama");
  const norm = plain.finalNorm;
  const withAttention = (attention: object) =>
    smallModel({
      ...plain,
      layers: plain.layers.map((layer) => ({
        ...layer,
        attention: { ...layer.attention, ...attention },
      })),
    });

  it("are refused where latent attention has two matrices for one", () => {
    const rope = { dims: 4, base: 10_000, interleaved: false };
    const latent = { keyValueRank: 6, rotaryDim: 4, valueDim: 8, norm };
    const { weights } = withAttention({ kvHeads: 4, rope, latent });
    expect(() => weights.OV(0, 0)).toThrow(MissingAnatomyError);
    expect(() => weights.layer(0).W_K).toThrow(MissingAnatomyError);
    expect(weights.layer(0).W_O.shape).toEqual([4, 8, 32]);
  });

  it("scale the embeddings that are added, not those that are read off", () => {
    const tied = { ...plain, head: { tied: true, bias: false } };
    const { weights } = smallModel({ ...tied, embeddingScale: 3 });
    expect(maxDifference(weights.W_E, mx.multiply(weights.W_U.T, 3))).toBe(0);
  });
});
