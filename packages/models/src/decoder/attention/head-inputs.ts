/** What attention's queries, keys and values are read from, head by head: the residual stream, unless a pass changes it. */
import { Tap } from "@mlxterp/core";
import { type Linear, type MxArray, mx } from "@mlxterp/mlx";
import { fullWeight } from "../../packed/full-weight.js";
import type { HeadWriteAxes } from "../axes.js";

type KeyInputAxes = readonly ["batch", "position", "kvHeads", "hidden"];

/** The taps of one layer, before its norm. */
export interface HeadInputs {
  /** Of queries, keys and values alike; absent where heads share keys. */
  readonly attnInput: Tap<HeadWriteAxes, "hook_attn_in"> | undefined;
  readonly qInput: Tap<HeadWriteAxes, "hook_q_input"> | undefined;
  readonly kInput: Tap<KeyInputAxes, "hook_k_input"> | undefined;
  readonly vInput: Tap<KeyInputAxes, "hook_v_input"> | undefined;
}

/** Something for each head; of queries (batch, position, heads, hidden), of keys and values with kvHeads. */
export interface ByHead {
  readonly q: MxArray;
  /** Absent, as values, in a layer that reads an earlier one's. */
  readonly k?: MxArray;
  readonly v?: MxArray;
}

interface HeadCounts {
  readonly heads: number;
  readonly kvHeads: number;
}

/** @param ownKeys whether keys and values are not an earlier layer's */
export function createHeadInputs(
  { heads, kvHeads }: HeadCounts,
  ownKeys = true,
): Required<HeadInputs> {
  const queries = createQueryInput();
  if (!ownKeys) {
    return { attnInput: undefined, qInput: queries, kInput: undefined, vInput: undefined };
  }
  return {
    attnInput:
      heads === kvHeads
        ? new Tap(["batch", "position", "heads", "hidden"] as const, {
            holds:
              "What attention reads, by head and before the norm; only where every head has keys of its own.",
            hook: "hook_attn_in",
          })
        : undefined,
    qInput: queries,
    kInput: new Tap(["batch", "position", "kvHeads", "hidden"], {
      holds: "What keys are read from, by head and before the norm.",
      hook: "hook_k_input",
    }),
    vInput: new Tap(["batch", "position", "kvHeads", "hidden"], {
      holds: "What values are read from, by head and before the norm.",
      hook: "hook_v_input",
    }),
  };
}

function createQueryInput(): Tap<HeadWriteAxes, "hook_q_input"> {
  return new Tap(["batch", "position", "heads", "hidden"], {
    holds: "What queries are read from, by head and before the norm.",
    hook: "hook_q_input",
  });
}

/**
 * What a pass makes each head read, less what all of them read; undefined where nobody changes that. As a difference, so that
 * the norm and the projections are called as ever, and whatever else is read or changed there stays what it is.
 *
 * @param read of `headReading`
 * @param x the residual stream, (batch, position, hidden)
 * @param normalize the norm before attention, of any stack of vectors (batch, position, heads, hidden)
 */
export function headDifferences(
  read: ByHead | undefined,
  x: MxArray,
  normalize: (x: MxArray) => MxArray,
): ByHead | undefined {
  if (!read) return undefined;
  const common = normalize(mx.expandDims(x, 2));
  const less = (own: MxArray) => mx.subtract(normalize(own), common);
  const { q, k, v } = read;
  return { q: less(q), ...(k && { k: less(k) }), ...(v && { v: less(v) }) };
}

/** What a pass makes each head read, before the norm; undefined where nobody changes that. */
export function headReading(
  { attnInput, qInput, kInput, vInput }: HeadInputs,
  x: MxArray,
  { heads, kvHeads }: HeadCounts,
): ByHead | undefined {
  if (!qInput) return undefined;
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
  const q = qInput.forward(shared ?? forEachHead(x, heads));
  if (!kInput || !vInput) return { q };
  return {
    q,
    k: kInput.forward(shared ?? forEachHead(x, kvHeads)),
    v: vInput.forward(shared ?? forEachHead(x, kvHeads)),
  };
}

/** (batch, position, hidden) → (batch, position, heads, hidden); a view, which takes no memory of its own */
function forEachHead(x: MxArray, heads: number): MxArray {
  const [batch, length, hidden] = x.shape;
  return mx.broadcastTo(mx.expandDims(x, 2), [batch, length, heads, hidden]);
}

/**
 * A projection of what all heads read and, where there is one, of each head's difference from it.
 *
 * @param x (batch, position, hidden)
 * @param difference (batch, position, heads, hidden)
 * @returns (batch, position, heads · headDim)
 */
export function projectHeads(x: MxArray, projection: Linear, difference?: MxArray): MxArray {
  return withDifferences(projection.forward(x), projection, difference);
}

/** The same where the projection of what all heads read is there already, (batch, position, heads · headDim). */
export function withDifferences(
  projected: MxArray,
  projection: Linear,
  difference?: MxArray,
): MxArray {
  if (!difference) return projected;
  const [, , heads, hidden] = difference.shape;
  if (!showsWeight(projection)) {
    return mx.add(projected, changeByHead(projection, difference));
  }
  const weight = fullWeight(projection).reshape([heads, -1, hidden]).transpose(0, 2, 1); // (heads, hidden, headDim)
  const byHead = mx.matmul(difference.transpose(0, 2, 1, 3), weight); // (batch, heads, position, headDim)
  return mx.add(projected, byHead.transpose(0, 2, 1, 3).reshape(projected.shape));
}

/** Whether it is a plain or packed layer, or a base with the two matrices of an adapter. */
function showsWeight(projection: object): boolean {
  if (!("base" in projection)) return "weight" in projection;
  const { down, up } = projection as { down?: object; up?: object };
  return [down, up].every((part) => part !== undefined && "weight" in part);
}

/** The same of a projection that shows no weight, such as an adapter of a user's own: what it does to each difference. */
function changeByHead(projection: Linear, difference: MxArray): MxArray {
  const [batch, length, heads] = difference.shape;
  const moved = projection.forward(difference); // (batch, position, heads, heads · headDim)
  const change = mx.subtract(moved, projection.forward(mx.zerosLike(difference)));
  const own = mx.eye(heads).reshape([1, 1, heads, heads, 1]);
  const byHead = mx.multiply(change.reshape([batch, length, heads, heads, -1]), own);
  return mx.sum(byHead, 2).reshape([batch, length, -1]);
}
