/** A Llama written by hand on the binding, with nothing around it: what generation is compared with. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import type { BareCache } from "./bare-cache.js";
import { type BareForward, causalMask } from "./bare-forward.js";

interface Shape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly epsilon: number;
  readonly base: number;
}

interface Weights {
  readonly norms: readonly [MxArray, MxArray];
  readonly q: MxArray;
  readonly k: MxArray;
  readonly v: MxArray;
  readonly o: MxArray;
  readonly gate: MxArray;
  readonly up: MxArray;
  readonly down: MxArray;
}

const linear = (x: MxArray, weight: MxArray) => mx.matmul(x, weight.T);
const silu = (x: MxArray) => mx.multiply(x, mx.sigmoid(x));

/** A forward over the weight arrays of a loaded Llama with tied embeddings. */
export function bareLlama({ module: decoder, config }: LanguageModel): BareForward {
  const { heads, kvHeads, headDim, rope } = config.layers[0].attention;
  const base = rope!.base;
  const shape: Shape = { heads, kvHeads, headDim, epsilon: config.finalNorm!.epsilon, base };
  const embedding = decoder.embedTokens.weight;
  const layers = decoder.layers.map(weightsOf);
  return (ids, cache) => {
    const start = cache?.length ?? 0;
    const mask = causalMask(ids.shape[1], start);
    let x = embedding.index(ids);
    for (const [index, layer] of layers.entries()) {
      const read = mx.fast.rmsNorm(x, layer.norms[0], shape.epsilon);
      x = mx.add(x, attention(read, layer, shape, { start, mask, cache, index }));
      const normed = mx.fast.rmsNorm(x, layer.norms[1], shape.epsilon);
      const gated = mx.multiply(silu(linear(normed, layer.gate)), linear(normed, layer.up));
      x = mx.add(x, linear(gated, layer.down));
    }
    if (cache) {
      cache.length += ids.shape[1];
      x = x.index(mx.Slice(), mx.Slice(-1, null));
    }
    return linear(mx.fast.rmsNorm(x, decoder.finalNorm!.weight!, shape.epsilon), embedding);
  };
}

interface Past {
  readonly start: number;
  readonly mask: MxArray | undefined;
  readonly cache: BareCache | undefined;
  readonly index: number;
}

function attention(
  x: MxArray,
  { q, k, v, o }: Weights,
  { heads, kvHeads, headDim, base }: Shape,
  { start, mask, cache, index }: Past,
): MxArray {
  const [batch, length] = x.shape;
  const byHead = (y: MxArray, count: number) =>
    y.reshape([batch, length, count, headDim]).transpose(0, 2, 1, 3);
  const turn = (y: MxArray) => mx.fast.rope(y, headDim, false, base, 1, start);
  const newKeys = turn(byHead(linear(x, k), kvHeads));
  const newValues = byHead(linear(x, v), kvHeads);
  const [keys, values] = cache ? cache.append(index, newKeys, newValues) : [newKeys, newValues];
  const queries = turn(byHead(linear(x, q), heads));
  const scale = headDim ** -0.5;
  const mixed = mx.fast.scaledDotProductAttention(queries, keys, values, scale, mask);
  return linear(mixed.transpose(0, 2, 1, 3).reshape([batch, length, heads * headDim]), o);
}

function weightsOf(layer: LanguageModel["module"]["layers"][number]): Weights {
  const { inputNorm, postAttentionNorm, selfAttn, mlp } = layer;
  return {
    norms: [inputNorm!.weight!, postAttentionNorm!.weight!],
    q: selfAttn.qProj.weight,
    k: selfAttn.kProj.weight,
    v: selfAttn.vProj.weight,
    o: selfAttn.oProj.weight,
    gate: mlp.gateProj!.weight,
    up: mlp.upProj.weight,
    down: mlp.downProj.weight,
  };
}
