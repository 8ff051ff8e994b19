/** Invariants inside the layers: heads, writes and the residual stream add up. */
import type { Trace } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Decoder } from "../decoder/decoder.js";
import { type Comparison, measure } from "./comparison.js";
import type { Invariant } from "./invariant.js";
import type { Subject } from "./subject.js";

type InLayer = (trace: Trace<Decoder>, layer: number, subject: Subject) => Comparison;

function inEveryLayer(name: string, statement: string, compare: InLayer): Invariant {
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
  (trace, layer) => {
    const { pattern, v, z } = trace.layers[layer].selfAttn;
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

/** The residual stream changes by nothing but the two writes of a layer. */
export const writesAddUp = inEveryLayer(
  "writes add up",
  "residual before + selfAttn + mlp = residual after",
  (trace, index) => {
    const layer = trace.layers[index];
    const { input, selfAttn, mlp } = layer;
    const received = mx.add(mx.add(input.value, selfAttn.value), mlp.value);
    return { where: layer.site, received, expected: layer.value };
  },
);

/** All writes together, normalised and unembedded, are the logits. */
export const decompositionGivesLogits: Invariant = {
  name: "residual decomposes",
  statement: "unembed(finalNorm(embedding + Σ writes)) = logits",
  exact: false,
  async measure({ model, ids }) {
    await using trace = model.trace(ids);
    let residual: MxArray = trace.layers[0].input.value;
    for (const { selfAttn, mlp } of trace.layers) {
      residual = mx.add(residual, mx.add(selfAttn.value, mlp.value));
    }
    const received = model.anatomy.unembed(model.anatomy.finalNorm(residual));
    return measure([{ where: "output", received, expected: trace.output.value }]);
  },
};
