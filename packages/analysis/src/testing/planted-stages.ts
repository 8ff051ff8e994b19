/** For tests: what a circuit is planted from. Each stage writes the weights of one head or MLP. */
import type { PlantedWeights } from "./planted-weights.js";

/** Where a code is read from: `start` of its stretch of the stream. */
export interface Signal {
  readonly start: number;
  /** Who wrote it: `input`, `a1.h2`, `m0`. */
  readonly source: string;
}

interface Head {
  readonly layer: number;
  readonly head: number;
}

/** How sure heads are of where they look. */
const sureness = 12;

/**
 * Each position looks at one that is chosen by its place alone, so queries and keys carry nothing of the prompt.
 *
 * @param target of each position, itself or an earlier one
 */
export function lookByPlace(weights: PlantedWeights, at: Head, target: readonly number[]): void {
  const { places, headDim } = weights;
  const of = `layers.${at.layer}.selfAttn`;
  target.forEach((key, query) => {
    weights.set(`${of}.qProj`, at.head * headDim + key, places.position + query, sureness);
    weights.set(`${of}.kProj`, at.head * headDim + query, places.position + query, 1);
  });
}

/** Looks where a key's code is the query's: what content decides. */
export function lookByCode(
  weights: PlantedWeights,
  at: Head,
  signals: { readonly query: number; readonly key: number; readonly sureness: number },
): void {
  const of = `layers.${at.layer}.selfAttn`;
  for (let code = 0; code < weights.shape.codes; code++) {
    const row = at.head * weights.headDim + code;
    weights.set(`${of}.qProj`, row, signals.query + code, signals.sureness);
    weights.set(`${of}.kProj`, row, signals.key + code, 1);
  }
}

/** What it looks at, `width` numbers from `from`, it writes to `to`. */
export function carry(
  weights: PlantedWeights,
  { layer, head }: Head,
  from: number,
  to: number,
  width: number,
): void {
  const of = `layers.${layer}.selfAttn`;
  for (let at = 0; at < width; at++) {
    const row = head * weights.headDim + at;
    weights.set(`${of}.vProj`, row, from + at, 1);
    weights.set(`${of}.oProj`, to + at, row, 1);
  }
}

/** The MLP writes another code for each. */
export function rename(
  weights: PlantedWeights,
  layer: number,
  from: number,
  to: number,
  names: readonly number[],
): void {
  const [pre, other] = branches(weights, layer);
  names.forEach((name, code) => {
    weights.set(pre, code, from + code, 1);
    if (other) weights.bias(other, code, 1);
    weights.set(`layers.${layer}.mlp.downProj`, to + name, code, 1);
  });
}

/** The MLP writes the code itself where a flag is 1, and another for it where it is 0. */
export function choose(
  weights: PlantedWeights,
  layer: number,
  { from, flag, to }: { readonly from: number; readonly flag: number; readonly to: number },
  names: readonly number[],
): void {
  const [pre, other] = branches(weights, layer);
  const down = `layers.${layer}.mlp.downProj`;
  const { codes } = weights.shape;
  names.forEach((name, code) => {
    const [on, off] = [code, codes + code];
    for (const neuron of [on, off]) weights.set(pre, neuron, from + code, 1);
    weights.set(other ?? pre, on, flag, 1);
    weights.set(other ?? pre, off, flag, -1);
    if (other) weights.bias(other, off, 1);
    else weights.bias(pre, on, -1);
    weights.set(down, to + code, on, 1);
    weights.set(down, to + name, off, 1);
  });
}

/** What enters the nonlinearity and, of a gated MLP, what multiplies. */
function branches({ shape }: PlantedWeights, layer: number): [pre: string, other?: string] {
  const [up, gate] = ["upProj", "gateProj"].map((name) => `layers.${layer}.mlp.${name}`);
  return shape.gated ? [gate, up] : [up];
}
