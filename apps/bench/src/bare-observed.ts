/** The network of `bare-forward` with every intermediate value kept, as one would write it to look at all of them. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { Decoder } from "@mlxterp/models";
import {
  activation,
  type BareLayer,
  bareLayer,
  bareNorm,
  byHead,
  causalMask,
  linear,
  norm,
} from "./bare-forward.js";
import { shape } from "./network.js";

const { heads, headDim, hidden } = shape;

/** A forward that answers with the arrays of all sites: ids (batch, position) → logits and all that led there. */
export function bareObserved(decoder: Decoder): (ids: MxArray) => MxArray[] {
  const embedding = decoder.embedTokens.weight;
  const positions = decoder.embedPositions?.weight as MxArray;
  const final = bareNorm(decoder.finalNorm as unknown as Parameters<typeof bareNorm>[0]);
  const layers = decoder.layers.map(bareLayer);
  return (ids) => {
    const length = ids.shape[1];
    const mask = causalMask(length, 0);
    const tokens = embedding.index(ids);
    const places = positions.index(mx.arange(0, length, 1, mx.int32));
    let x = mx.add(tokens, places);
    const kept = [tokens, places, x];
    for (const layer of layers) {
      kept.push(...observedLayer(x, layer, mask));
      x = kept[kept.length - 1];
    }
    const normed = norm(x, final);
    const logits = mx.matmul(normed, embedding.T);
    return [...kept, normed, denominator(x), logits];
  };
}

function denominator(x: MxArray): MxArray {
  return mx.sqrt(mx.add(mx.variance(x, -1, true), 1e-5));
}

function observedLayer(x: MxArray, layer: BareLayer, mask: MxArray | undefined): MxArray[] {
  const read = norm(x, layer.norms[0]);
  const { written, inside } = observedAttention(read, layer, mask);
  const middle = mx.add(x, written);
  const normed = norm(middle, layer.norms[1]);
  const pre = linear(normed, layer.up);
  const post = activation(pre);
  const mlp = linear(post, layer.down);
  const outside = [read, denominator(x), written, middle, normed, denominator(middle)];
  return [...inside, ...outside, pre, post, mlp, mx.add(middle, mlp)];
}

function observedAttention(read: MxArray, layer: BareLayer, mask: MxArray | undefined) {
  const [batch, length] = read.shape;
  const projected = [layer.q, layer.k, layer.v].map((weights) => linear(read, weights));
  const [q, k, v] = projected.map((y) => byHead(y, length));
  const raw = mx.matmul(mx.multiply(q, headDim ** -0.5), k.swapaxes(-1, -2));
  const scores = mask ? mx.add(raw, mask) : raw; // (batch, heads, query, key)
  const pattern = mx.softmax(scores, -1, true);
  const mixed = mx.matmul(pattern, v); // (batch, heads, position, headDim)
  const z = mixed.transpose(0, 2, 1, 3);
  const byHeadWeight = layer.o.weight.reshape([hidden, heads, headDim]).transpose(1, 2, 0);
  const result = mx.matmul(mixed, byHeadWeight).transpose(0, 2, 1, 3);
  const written = linear(z.reshape([batch, length, hidden]), layer.o);
  return { written, inside: [...projected, q, k, v, scores, pattern, z, result] };
}
