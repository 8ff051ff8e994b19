/**
 * Parts of losses of transcoders that write to their own layer and all later ones. Layers stand side by side in rows, and their features
 * after each other; what a feature writes is one row for each layer from its own on.
 */
import { type MxArray, mx } from "@mlxterp/mlx";

/** Where the rows from one layer to another are, in the order 0 → 0, 0 → 1, …, 1 → 1 … */
export function pairAt(from: number, to: number, layers: number): number {
  return from * layers - (from * (from - 1)) / 2 + (to - from);
}

/** As many decoders as there are pairs of a layer and a later one or itself. */
export function pairsOf(layers: number): number {
  return (layers * (layers + 1)) / 2;
}

/**
 * Each layer's part by a matrix of its own, as encoders and skips are.
 *
 * @param x (rows, layers · hidden); @param encoder (layers, hidden, features); returns (rows, layers · features)
 */
export function encodedAcross(x: MxArray, encoder: MxArray): MxArray {
  const [layers, hidden, features] = encoder.shape;
  const [rows] = x.shape;
  const apart = x.reshape([rows, layers, hidden]).transpose(1, 0, 2);
  return beside(mx.matmul(apart, encoder), [rows, layers * features]);
}

/**
 * What features write, without biases.
 *
 * @param features (rows, layers · features); @param decoder (pairs, features, output); returns (rows, layers · output)
 */
export function writtenAcross(features: MxArray, decoder: MxArray): MxArray {
  const layers = layersOf(decoder);
  const [, count] = decoder.shape;
  const own = Array.from({ length: layers }, (_, layer) =>
    features.index(mx.Slice(), mx.Slice(layer * count, (layer + 1) * count)),
  );
  const written = own.map((_, to) => {
    const parts = own
      .slice(0, to + 1)
      .map((active, from) => mx.matmul(active, decoder.index(pairAt(from, to, layers))));
    return parts.reduce((sum, part) => mx.add(sum, part));
  });
  return mx.concatenate(written, 1);
}

/** The norm of all that a feature writes, (layers · features). */
export function normsAcross(decoder: MxArray): MxArray {
  const layers = layersOf(decoder);
  const squares = mx.sum(mx.square(decoder), 2); // (pairs, features)
  const sums = Array.from({ length: layers }, (_, from) => {
    const [first, last] = [pairAt(from, from, layers), pairAt(from, layers - 1, layers)];
    return mx.sum(squares.index(mx.Slice(first, last + 1)), 0);
  });
  return mx.sqrt(mx.concatenate(sums, 0));
}

/** From the number of pairs. */
function layersOf(decoder: MxArray): number {
  return Math.round((Math.sqrt(1 + 8 * decoder.shape[0]) - 1) / 2);
}

/** @param apart (layers, rows, width) */
function beside(apart: MxArray, shape: readonly number[]): MxArray {
  return apart.transpose(1, 0, 2).reshape(shape);
}
