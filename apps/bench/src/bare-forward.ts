/** The same network written by hand on the binding, with nothing around it: what tracing is compared with. */
import type { MxArray, NormLayer } from "@mlxterp/mlx";
import { mx } from "@mlxterp/mlx";
import type { Decoder } from "@mlxterp/models";
import type { BareCache } from "./bare-cache.js";
import { shape } from "./network.js";

/** Sees the residual stream at each place, under our name for it, and may change it. */
export type ResidualVisit = (x: MxArray, site: string) => MxArray;

/** What a network written by hand offers. */
export type BareForward = (ids: MxArray, cache?: BareCache, visit?: ResidualVisit) => MxArray;

interface BareNorm {
  readonly weight: MxArray;
  readonly bias: MxArray;
}
interface BareLinear {
  readonly weight: MxArray;
  readonly bias: MxArray;
}
export interface BareLayer {
  readonly norms: readonly [BareNorm, BareNorm];
  readonly q: BareLinear;
  readonly k: BareLinear;
  readonly v: BareLinear;
  readonly o: BareLinear;
  readonly up: BareLinear;
  readonly down: BareLinear;
}

const epsilon = 1e-5;
const gelu = Math.sqrt(2 / Math.PI);

export function norm(x: MxArray, { weight, bias }: BareNorm): MxArray {
  return mx.fast.layerNorm(x, weight, bias, epsilon);
}

export function linear(x: MxArray, { weight, bias }: BareLinear): MxArray {
  return mx.addmm(bias, x, weight.T);
}

export function byHead(x: MxArray, length: number): MxArray {
  return x.reshape([x.shape[0], length, shape.heads, shape.headDim]).transpose(0, 2, 1, 3);
}

const unchanged: ResidualVisit = (x) => x;

/** Hides later keys; a single query is the last. */
export function causalMask(queries: number, earlier: number): MxArray | undefined {
  if (queries === 1) return undefined;
  return mx.multiply(mx.subtract(1, mx.tri(queries, queries + earlier, earlier)), -1e9);
}

export function activation(x: MxArray): MxArray {
  const inner = mx.multiply(
    mx.add(x, mx.multiply(mx.multiply(mx.square(x), x), 0.044715)),
    -2 * gelu,
  );
  return mx.divide(x, mx.add(mx.exp(inner), 1));
}

/** What a layer is told. */
interface Surroundings {
  readonly index: number;
  readonly mask: MxArray | undefined;
  readonly cache: BareCache | undefined;
  readonly visit: ResidualVisit;
}

function layerForward(x: MxArray, layer: BareLayer, { index, mask, cache, visit }: Surroundings) {
  const [batch, length, hidden] = x.shape;
  const normed = norm(x, layer.norms[0]);
  const q = byHead(linear(normed, layer.q), length);
  const newKeys = byHead(linear(normed, layer.k), length);
  const newValues = byHead(linear(normed, layer.v), length);
  const [k, v] = cache ? cache.append(index, newKeys, newValues) : [newKeys, newValues];
  const mixed = mx.fast.scaledDotProductAttention(q, k, v, shape.headDim ** -0.5, mask);
  const written = linear(mixed.transpose(0, 2, 1, 3).reshape([batch, length, hidden]), layer.o);
  const middle = visit(mx.add(x, written), `layers.${index}.residMid`);
  const active = activation(linear(norm(middle, layer.norms[1]), layer.up));
  return visit(mx.add(middle, linear(active, layer.down)), `layers.${index}`);
}

/**
 * A forward over the same weight arrays: ids (batch, position) → logits (batch, position, vocab), or with a cache
 * those of the last position.
 */
export function bareForward(decoder: Decoder): BareForward {
  const embedding = decoder.embedTokens.weight;
  const positions = decoder.embedPositions?.weight as MxArray;
  const final = bareNorm(decoder.finalNorm as unknown as NormLayer);
  const layers = decoder.layers.map(bareLayer);
  return (ids, cache, visit = unchanged) => {
    const length = ids.shape[1];
    const start = cache?.length ?? 0;
    const mask = causalMask(length, start);
    const places = mx.arange(start, start + length, 1, mx.int32);
    const embedded = mx.add(embedding.index(ids), positions.index(places));
    let x = visit(embedded, "layers.0.input");
    for (const [index, layer] of layers.entries()) {
      x = layerForward(x, layer, { index, mask, cache, visit });
    }
    if (cache) {
      cache.length += length;
      x = x.index(mx.Slice(), mx.Slice(-1, null));
    }
    return mx.matmul(norm(x, final), embedding.T);
  };
}

export function bareNorm(norm: NormLayer): BareNorm {
  return { weight: norm.weight as MxArray, bias: norm.bias as MxArray };
}

function bareLinear({ weight, bias }: { weight: MxArray; bias?: MxArray | null }): BareLinear {
  return { weight, bias: bias as MxArray };
}

export function bareLayer({
  inputNorm,
  postAttentionNorm,
  selfAttn,
  mlp,
}: Decoder["layers"][number]): BareLayer {
  return {
    norms: [
      bareNorm(inputNorm as unknown as NormLayer),
      bareNorm(postAttentionNorm as unknown as NormLayer),
    ],
    q: bareLinear(selfAttn.qProj),
    k: bareLinear(selfAttn.kProj),
    v: bareLinear(selfAttn.vProj),
    o: bareLinear(selfAttn.oProj),
    up: bareLinear(mlp.upProj),
    down: bareLinear(mlp.downProj),
  };
}
