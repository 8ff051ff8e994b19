/** From queries, keys and values to attention's write, with scores, pattern and results as sites. */
import type { Tap } from "@mlxterp/core";
import { InvalidArgumentError, type Linear, type MxArray, mx } from "@mlxterp/mlx";
import type { HeadWriteAxes, PatternAxes } from "../axes.js";
import { asAdded, type Write } from "../norm/write.js";
import { maskedScore, type Pass } from "../positions/pass.js";
import { fusedAttention } from "./fused-attention.js";
import { attentionScores, headResults, mixValues } from "./heads.js";

/** The parts of an attention module that weigh values. */
export interface Mixing {
  readonly scores: Tap<PatternAxes, "hook_attn_scores">;
  readonly pattern: Tap<PatternAxes, "hook_pattern">;
  readonly scoreScale: number;
  readonly softCap: number | undefined;
  /** How many keys a query sees, itself included; undefined for all. */
  readonly window: number | undefined;
  /** What each head may attend to instead of any key, (heads). */
  readonly sinks: MxArray | null;
}

/** What attention reads. */
interface Attended {
  readonly q: MxArray; // (batch, heads, query, headDim)
  readonly k: MxArray; // (batch, kvHeads, key, headDim)
  readonly v: MxArray; // (batch, kvHeads, key, valueDim)
  /** How many keys before those a cache has let go of, since no query here sees them. */
  readonly dropped: number;
  /** Whether queries see keys behind them. Default: false. */
  readonly bothWays?: boolean;
}

/**
 * How many keys a cache should keep for later passes; undefined for all of them. An intervention may give weight to
 * keys that the window hides, so where it changes scores or patterns nothing is let go of.
 */
export function keptKeys({ window, scores, pattern }: Mixing): number | undefined {
  if (window === undefined || scores.changed || pattern.changed) return undefined;
  return Math.max(window - 1, 1);
}

/**
 * How many keys before those held a cache has let go of.
 *
 * @param x (batch, position, hidden), what the queries were read from
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when keys are missing that a query would see
 */
export function droppedKeys(
  { positions: { offset } }: Pass,
  x: MxArray,
  { keys, window = Number.POSITIVE_INFINITY }: { keys: MxArray; window: number | undefined },
): number {
  const earlier = keys.shape[2] - x.shape[1];
  if (earlier < Math.min(offset, window - 1)) {
    const rule =
      `a layer holds keys of ${earlier} of the ${offset} positions read, since it was skipped in an earlier pass. ` +
      "Skip it in every pass or in none, or begin with an empty cache.";
    throw new InvalidArgumentError("cache", earlier, rule);
  }
  return offset - earlier;
}

/**
 * The weighted values of every head, by the fused kernel unless a pass changes the weights or the kernel cannot do them.
 * Read scores and patterns have a key axis of all positions seen, whatever the cache has let go of.
 *
 * @returns (batch, heads, query, valueDim)
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) when scores or patterns are changed of which keys are gone
 */
export function mixHeads(
  mixing: Mixing,
  { q, k, v, dropped, bothWays = false }: Attended,
  mask: MxArray | null,
): MxArray {
  const { scores, pattern, scoreScale, softCap, sinks } = mixing;
  const score = () => attentionScores(q, k, scoreScale, mask, softCap);
  if (scores.changed || pattern.changed) {
    checkNothingDropped(dropped, mixing.window);
    return mixValues(pattern.forward(attendTo(scores.forward(score()), sinks)), v);
  }
  scores.derive(() => restoreKeys(score(), dropped, maskedScore(q.dtype)));
  pattern.derive(() => restoreKeys(attendTo(score(), sinks), dropped, 0));
  const plain = softCap !== undefined || sinks !== null || q.shape[3] !== v.shape[3];
  if (plain) return mixValues(attendTo(score(), sinks), v);
  return fusedAttention({ q, k, v, bothWays }, scoreScale, mask);
}

function checkNothingDropped(dropped: number, window: number | undefined): void {
  if (dropped === 0) return;
  const rule =
    `a window of ${window} keys has let go of the first ${dropped}, so scores and patterns over all of them cannot be ` +
    "changed. Change them from the first pass on, or begin with createCache({ sliding: false }).";
  throw new InvalidArgumentError("cache", dropped, rule);
}

/** Gives keys that are gone the value they would have. */
function restoreKeys(x: MxArray, dropped: number, value: number): MxArray {
  if (dropped === 0) return x;
  return mx.concatenate([mx.full([...x.shape.slice(0, 3), dropped], value, x.dtype), x], -1);
}

/**
 * Softmax over keys. With sinks each head has one more score that belongs to no key, so that a row adds up to less
 * than 1. Source: Xiao et al. 2023, "Efficient Streaming Language Models with Attention Sinks", section 3.3.
 *
 * @param scores (batch, heads, query, key)
 */
function attendTo(scores: MxArray, sinks: MxArray | null): MxArray {
  if (!sinks) return mx.softmax(scores, -1, true);
  const total = mx.logaddexp(mx.logsumexp(scores, -1, true), sinks.reshape([-1, 1, 1]));
  return mx.exp(mx.subtract(scores, total));
}

/** The parts of an attention module that write. */
export interface HeadWriting extends Write {
  readonly result: Tap<HeadWriteAxes>;
  readonly oProj: Linear;
}

/**
 * The heads' joint write to the residual stream.
 *
 * @param z (batch, position, heads, valueDim)
 * @returns (batch, position, hidden)
 */
export function writeHeads(writing: HeadWriting, z: MxArray): MxArray {
  const { result, oProj, outputScale, postNorm } = writing;
  const [batch, length, heads, valueDim] = z.shape;
  if (result.changed) {
    const sum = mx.sum(result.forward(headResults(z, oProj, outputScale)), 2);
    const bias = oProj.bias && mx.multiply(oProj.bias, outputScale ?? 1);
    const written = bias ? mx.add(sum, bias) : sum;
    return postNorm ? postNorm.forward(written) : written;
  }
  result.derive(() => headResults(z, oProj, outputScale));
  return asAdded(oProj.forward(z.reshape([batch, length, heads * valueDim])), writing);
}
