/** What attention's queries, keys and values are read from, head by head: the residual stream, unless a pass changes it. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import { fullWeight } from "../quantization/full-weight.js";
import type { HeadWriteAxes } from "./axes.js";

type KeyInputAxes = readonly ["batch", "position", "kvHeads", "hidden"];

/** The taps of one layer, before its norm. */
export interface HeadInputs {
  /** Of queries, keys and values alike; absent where heads share keys. */
  readonly attnInput: Tap<HeadWriteAxes> | undefined;
  readonly qInput: Tap<HeadWriteAxes> | undefined;
  readonly kInput: Tap<KeyInputAxes> | undefined;
  readonly vInput: Tap<KeyInputAxes> | undefined;
}

/** What each head reads, normalised; queries' (batch, position, heads, hidden), the others' with kvHeads. */
export interface SplitReading {
  readonly q: MxArray;
  readonly k: MxArray;
  readonly v: MxArray;
}

interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
}

export function createHeadInputs({ heads, kvHeads }: HeadCounts): Required<HeadInputs> {
  return {
    attnInput:
      heads === kvHeads ? new Tap(["batch", "position", "heads", "hidden"] as const) : undefined,
    qInput: new Tap(["batch", "position", "heads", "hidden"]),
    kInput: new Tap(["batch", "position", "kvHeads", "hidden"]),
    vInput: new Tap(["batch", "position", "kvHeads", "hidden"]),
  };
}

/**
 * What heads read one by one; undefined where nobody changes that, so that all read the same.
 *
 * @param x the residual stream, (batch, position, hidden)
 */
export function splitReading(
  { attnInput, qInput, kInput, vInput }: HeadInputs,
  x: MxArray,
  { heads, kvHeads }: HeadCounts,
): SplitReading | undefined {
  if (!qInput || !kInput || !vInput) return undefined;
  const taps: readonly (readonly [Tap | undefined, number])[] = [
    [attnInput, heads],
    [qInput, heads],
    [kInput, kvHeads],
    [vInput, kvHeads],
  ];
  if (!taps.some(([tap]) => tap?.changed)) {
    for (const [tap, count] of taps) tap?.derive(() => forEachHead(x, count));
    return undefined;
  }
  const shared = attnInput?.forward(forEachHead(x, heads));
  return {
    q: qInput.forward(shared ?? forEachHead(x, heads)),
    k: kInput.forward(shared ?? forEachHead(x, kvHeads)),
    v: vInput.forward(shared ?? forEachHead(x, kvHeads)),
  };
}

/** (batch, position, hidden) → (batch, position, heads, hidden) */
function forEachHead(x: MxArray, heads: number): MxArray {
  const [batch, length, hidden] = x.shape;
  const ones = mx.ones([1, 1, heads, 1], x.dtype);
  return mx.multiply(x.reshape([batch, length, 1, hidden]), ones);
}

/**
 * A projection by head, of one input for all heads or of one for each.
 *
 * @param x (batch, position, hidden) or (batch, position, heads, hidden)
 * @returns (batch, position, heads · headDim)
 */
export function projectHeads(x: MxArray, projection: Linear, heads: number): MxArray {
  if (x.ndim === 3) return projection.forward(x);
  const [batch, length, , hidden] = x.shape;
  const weight = fullWeight(projection).reshape([heads, -1, hidden]).transpose(0, 2, 1); // (heads, hidden, headDim)
  const byHead = mx.matmul(x.transpose(0, 2, 1, 3), weight).transpose(0, 2, 1, 3);
  const whole = byHead.reshape([batch, length, -1]);
  return projection.bias ? mx.add(whole, projection.bias) : whole;
}
