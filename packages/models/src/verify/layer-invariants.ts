/** Invariants inside the layers: heads, writes and the residual stream add up. */
import type { Trace } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { DecoderBody } from "../decoder/model/decoder-body.js";
import { type Comparison, measure } from "./comparison.js";
import type { Invariant } from "./invariant.js";
import type { BodySubject, Subject } from "./subject.js";

/** Sums of writes are no residual stream where norms rescale it in between. */
function normsOnStream({ model }: Subject): string | undefined {
  const { layers } = model.module;
  return layers.some(({ outputNorm, addsToNormalized }) => outputNorm || addsToNormalized)
    ? "norms stand on the residual stream itself"
    : undefined;
}

type InLayer = (trace: Trace<DecoderBody>, layer: number, subject: BodySubject) => Comparison;

function inEveryLayer(name: string, statement: string, compare: InLayer): Invariant<BodySubject> {
  return {
    name,
    statement,
    exact: false,
    async measure(subject) {
      await using trace = subject.model.trace(subject.ids);
      const layers = Array.from(subject.model.module.layers.keys());
      return measure(layers.map((layer) => compare(trace, layer, subject)));
    },
  };
}

/** The pattern that can be read is the one that mixes the values. */
export const patternMixesValues = inEveryLayer(
  "pattern mixes values",
  "pattern @ v = z",
  (trace, layer, { model }) => {
    const { pattern, z } = trace.layers[layer].selfAttn;
    const { keysOf = layer } = model.module.layers[layer].selfAttn;
    const { v } = trace.layers[keysOf].selfAttn;
    const shared = pattern.shape[1] / v.shape[1]; // query heads per key/value head
    const values = mx.repeat(v.value, shared, 1); // (batch, heads, key, headDim)
    const mixed = mx.matmul(pattern.value, values).transpose(0, 2, 1, 3);
    return { where: z.site, received: mixed, expected: z.value };
  },
);

/** What the heads write separately is what attention writes, or what its post-norm reads. */
export const headsAddUp = inEveryLayer(
  "heads add up",
  "Σ heads result + bias = selfAttn, before any post-norm",
  (trace, layer, { model }) => {
    const { selfAttn } = trace.layers[layer];
    const { oProj, postNorm, outputScale = 1 } = model.module.layers[layer].selfAttn;
    const sum = mx.sum(selfAttn.result.value, 2);
    const received = oProj.bias ? mx.add(sum, mx.multiply(oProj.bias, outputScale)) : sum;
    const { site, value: expected } = postNorm ? selfAttn.oProj : selfAttn;
    return { where: site, received, expected };
  },
);

/** What attention and the MLP of a layer write, and a third part where there is one, added to something. */
function withWrites(
  residual: MxArray,
  layer: Trace<DecoderBody>["layers"][number],
  third: unknown,
): MxArray {
  const sum = mx.add(mx.add(residual, layer.selfAttn.value), layer.mlp.value);
  return third ? mx.add(sum, layer.embeddingWrite!.value) : sum; // a site only where the layer has it
}

/** What becomes of it before the next layer, where norms do not stand on the stream. */
const scaled = (x: MxArray, scale: MxArray | null) => (scale ? mx.multiply(x, scale) : x);

/** The residual stream changes by nothing but the writes of a layer, and a number or norms on it where there are any. */
export const writesAddUp = inEveryLayer(
  "writes add up",
  "residual before + selfAttn + mlp (+ embeddingWrite) = residual after, times learnedScale if there is one; where it is normalised, before that and in two steps",
  (trace, index, { model }) => {
    const layer = trace.layers[index];
    const { input, selfAttn, residMid, mlp } = layer;
    const { outputNorm, addsToNormalized, embeddingWrite, learnedScale } =
      model.module.layers[index];
    if (addsToNormalized) {
      const { inputNorm, postAttentionNorm } = layer;
      const attended = mx.add(inputNorm.value, selfAttn.value);
      const after = mx.add(postAttentionNorm.value, mlp.value);
      return {
        where: `${residMid.site}, ${layer.site}`,
        received: mx.stack([attended, after]),
        expected: mx.stack([residMid.value, layer.value]),
      };
    }
    if (!outputNorm) {
      const received = scaled(withWrites(input.value, layer, embeddingWrite), learnedScale);
      return { where: layer.site, received, expected: layer.value };
    }
    const { postAttentionNorm, residPost } = layer;
    const attended = mx.add(input.value, selfAttn.value);
    const after = mx.add(postAttentionNorm.value, mlp.value);
    const [received, expected] = [
      mx.stack([attended, after]),
      mx.stack([residMid.value, residPost.value]),
    ];
    return { where: `${residMid.site}, ${residPost.site}`, received, expected };
  },
);

/** All writes together, normalised and unembedded, are the logits. */
export const decompositionGivesLogits: Invariant<Subject> = {
  name: "residual decomposes",
  statement: "unembed(finalNorm(embedding + Σ writes)) = logits",
  exact: false,
  notApplicable: normsOnStream,
  async measure({ model, ids }) {
    await using trace = model.trace(ids);
    let residual: MxArray = trace.layers[0].input.value;
    for (const [index, { embeddingWrite, learnedScale }] of model.module.layers.entries()) {
      residual = scaled(withWrites(residual, trace.layers[index], embeddingWrite), learnedScale);
    }
    const received = model.anatomy.unembed(model.anatomy.finalNorm(residual));
    return measure([{ where: "output", received, expected: trace.output.value }]);
  },
};
