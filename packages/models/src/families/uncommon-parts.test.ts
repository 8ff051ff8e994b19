/** Parts that few published models have: norms on the residual stream, narrow embeddings, tied heads with a bias. */

import { join } from "node:path";
import { UnknownSiteError } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import {
  type QuantizedEmbedding,
  quantizedLike,
} from "../checkpoint/quantization/quantized-modules.js";
import { ProjectedEmbedding } from "../decoder/embedding/projected-embedding.js";
import { loadModel, UnsupportedFoldError } from "../index.js";
import { pack, unpack } from "../packed/scheme.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { maxDifference, readActivations, rows } from "../test-support/reference.js";
import { referenceFolder } from "../test-support/reference-folders.js";

const normsOnStream = ["opt/norms-after", "bloom/norms-first"];
const names = ["gptj/tied", "phi/tied", "opt/galactica", "opt/no-final-norm", ...normsOnStream];
const promptOf = (name: string) => rows(readActivations(referenceFolder(name)).input_ids);

describe.each(names)("%s", (name) => {
  const folder = referenceFolder(name);
  const prompt = promptOf(name);

  it("keeps every invariant that applies to it", async () => {
    const { invariants } = await (await loadModel(folder)).verify({ prompt });
    expect(invariants.filter(({ passed }) => !passed)).toEqual([]);
    const silent = invariants.flatMap(({ name, notApplicable }) => (notApplicable ? [name] : []));
    expect(silent).toEqual(normsOnStream.includes(name) ? ["residual decomposes"] : []);
  });

  it("has an anatomy whose parts make up the logits", async () => {
    const { anatomy, ...model } = await loaded(folder, ["layers.0.input", "layers.-1", "output"]);
    const [embedded, last, logits] = model.values;
    expect(maxDifference(anatomy.embed(mx.array(prompt, mx.int32)), embedded)).toBe(0);
    expect(maxDifference(anatomy.unembed(anatomy.finalNorm(last)), logits)).toBeLessThan(1e-5);
  });

  it("has weights that embed and unembed", async () => {
    const { weights, anatomy, values } = await loaded(folder, ["embedTokens", "layers.-1"]);
    const rows = weights.W_E.index(mx.array(prompt, mx.int32));
    expect(maxDifference(rows, values[0])).toBeLessThan(1e-5);
    const x = anatomy.finalNorm(values[1]);
    const read = mx.matmul(x, weights.W_U);
    const logits = weights.b_U ? mx.add(read, weights.b_U) : read;
    expect(maxDifference(logits, anatomy.unembed(x))).toBeLessThan(1e-5);
  });

  it("is saved and read again", async () => {
    const saved = join(temporaryFolder(), name);
    const model = await loadModel(folder);
    await model.save(saved);
    const [expected, received] = [
      await model.run(prompt),
      await (await loadModel(saved)).run(prompt),
    ];
    expect(maxDifference(received.get("output"), expected.get("output"))).toBe(0);
  });

  const foldable = !["opt/norms-after", "opt/no-final-norm", "bloom/norms-first"].includes(name);
  it(foldable ? "can be folded" : "refuses to be folded, loudly", async () => {
    const model = await loadModel(folder);
    if (!foldable) {
      await expect(model.folded()).rejects.toThrow(UnsupportedFoldError);
      return;
    }
    const expected = (await model.run(prompt)).get("output");
    const folded = await model.folded({ centreWrites: true });
    expect(folded.config.head).toMatchObject({ tied: false });
    expect(maxDifference((await folded.run(prompt)).get("output"), expected)).toBeLessThan(1e-4);
  });
});

/** A model and what some sites hold. */
async function loaded(folder: string, sites: readonly string[]) {
  const model = await loadModel(folder);
  const cache = await model.run(rows(readActivations(folder).input_ids), { save: sites });
  return {
    anatomy: model.anatomy,
    weights: model.weights,
    values: cache.entries().map(([, value]) => value) as MxArray[],
  };
}

describe("a layer whose norms stand on the residual stream", () => {
  const folder = referenceFolder("opt/norms-after");
  const prompt = promptOf("opt/norms-after");
  const at = (name: string) => `layers.1.${name}`;

  it("writes to the sums that are then normalised", async () => {
    const model = await loadModel(folder);
    const names = ["input", "selfAttn", "residMid", "postAttentionNorm", "mlp", "residPost"];
    const save = [...names.map(at), "layers.1"];
    const cache = await model.run(prompt, { save });
    const [input, attention, middle, normalized, mlp, sum, output] = save.map((site) =>
      cache.get(site),
    );
    expect(maxDifference(mx.add(input, attention), middle)).toBe(0);
    expect(maxDifference(mx.add(normalized, mlp), sum)).toBe(0);
    const layer = model.module.layers[1];
    expect(maxDifference(layer.postAttentionNorm!.forward(middle), normalized)).toBe(0);
    expect(maxDifference(layer.outputNorm!.forward(sum), output)).toBe(0);
  });

  it("can be without its MLP, which leaves the norms", async () => {
    const model = await loadModel(folder);
    const cache = await model.run(prompt, {
      save: [at("postAttentionNorm"), "layers.1"],
      interventions: { [at("mlp")]: (x) => mx.zerosLike(x) },
    });
    const { outputNorm } = model.module.layers[1];
    const expected = outputNorm!.forward(cache.get(at("postAttentionNorm")));
    expect(maxDifference(cache.get("layers.1"), expected)).toBe(0);
  });

  it("has no final norm, and no norm before attention", async () => {
    const model = await loadModel(folder);
    await expect(model.run(prompt, { save: "finalNorm" })).rejects.toThrow(UnknownSiteError);
    await expect(model.run(prompt, { save: at("inputNorm") })).rejects.toThrow(UnknownSiteError);
  });
});

describe("narrow embeddings", () => {
  it("are read at their width behind the site that is added", async () => {
    const model = await loadModel(referenceFolder("opt/norms-after"));
    const save = ["embedTokens", "embedTokens.projection.input", "unembedProjection"];
    const cache = await model.run(promptOf("opt/norms-after"), { save });
    expect(save.map((site) => cache.get(site).shape[2])).toEqual([16, 12, 12]);
  });
});

describe("narrow embeddings that are packed", () => {
  it("keep their projection, and are narrow where logits are read off them", () => {
    const plain = new ProjectedEmbedding(10, 64, 6);
    const packed = pack(plain.weight, { bits: 8, groupSize: 64 });
    const embedding = quantizedLike(plain, packed) as QuantizedEmbedding;
    const ids = mx.array([[3, 1, 4]], mx.int32);
    const exact = new ProjectedEmbedding(10, 64, 6);
    exact.weight = unpack(packed);
    exact.projection.weight = plain.projection.weight;
    expect(maxDifference(embedding.forward(ids), exact.forward(ids))).toBeLessThan(1e-6);
    const x = mx.ones([1, 64]);
    expect(maxDifference(embedding.asLinear(x), exact.asLinear(x))).toBeLessThan(1e-5);
  });
});

describe("a norm without a weight", () => {
  it("divides by a scale that can be read and changed", async () => {
    const model = await loadModel(referenceFolder("opt/galactica"));
    const prompt = promptOf("opt/galactica");
    const save = ["layers.1.input", "layers.1.inputNorm", "layers.1.inputNorm.scale"];
    for (const factor of [1, 2]) {
      const cache = await model.run(prompt, {
        save,
        interventions: { "layers.1.inputNorm.scale": (x) => mx.multiply(x, factor) },
      });
      const [input, normalized, scale] = save.map((site) => cache.get(site));
      const centred = mx.subtract(input, mx.mean(input, -1, true));
      expect(maxDifference(normalized, mx.divide(centred, scale))).toBeLessThan(1e-5);
    }
  });
});

it("BLOOM whose writes are added to what is read is not folded", async () => {
  const model = await loadModel(referenceFolder("bloom/norms-first"));
  await expect(model.folded()).rejects.toBeInstanceOf(UnsupportedFoldError);
});
