/** Runs of base prompts with a part of one activation from the source prompts. */
import { evaluate, InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { select } from "../shared/select.js";
import { logitsOf, type TokenSet } from "../shared/token-sets.js";
import { mix, type Subspace } from "./mix.js";

/** Pairs of prompts of one length, with what both hold after a layer. */
export interface HeldPairs {
  readonly ids: readonly (readonly number[])[];
  /** (pairs, position, hidden) */
  readonly stream: MxArray;
  readonly layer: number;
  readonly position: number;
  readonly base: MxArray; // (pairs, hidden)
  readonly source: MxArray; // (pairs, hidden)
  readonly answer: readonly TokenSet[];
  readonly wrongAnswer: readonly TokenSet[];
}

/** A pair before it is run. */
export interface InterchangePair {
  readonly clean: readonly number[];
  readonly corrupted: readonly number[];
  readonly answer: TokenSet;
  readonly wrongAnswer: TokenSet;
  /** For each position of `clean` that of `corrupted`, where they are not the same. */
  readonly aligned?: readonly (number | null)[];
}

export async function holdPairs(
  model: AnalysisModel,
  pairs: readonly InterchangePair[],
  layer: number,
  position: number,
): Promise<HeldPairs> {
  const site = `layers.${layer}`;
  const clean = pairs.map((pair) => pair.clean as number[]);
  const lengths = clean.map(({ length }) => length);
  const at = lengths.map((length) => select("Position", [position], length, "a prompt")[0]);
  const own = await model.run(clean, { save: site });
  const other = await model.run(
    pairs.map((pair) => pair.corrupted as number[]),
    { save: site },
  );
  const rows = mx.array(range(pairs.length), mx.int32);
  const there = mx.array(at, mx.int32);
  const others = mx.array(pairs.map((pair, row) => counterpart(pair, at[row], row)), mx.int32); // biome-ignore format: one call
  const stream = own.get(site).astype(mx.float32);
  const [base, source] = [
    stream.index(rows, there),
    other.get(site).astype(mx.float32).index(rows, others),
  ];
  await evaluate([stream, base, source]);
  return {
    ids: clean,
    stream,
    layer,
    position: at[0],
    base,
    source,
    answer: pairs.map((pair) => pair.answer),
    wrongAnswer: pairs.map((pair) => pair.wrongAnswer),
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a position that stands for nothing */
function counterpart({ aligned }: InterchangePair, at: number, pair: number): number {
  const found = aligned ? aligned[at] : at;
  if (found !== null) return found;
  const rule = `of pair ${pair}, position ${at} of the clean prompt stands for nothing in the corrupted one, as its spans are; name another.`;
  throw new InvalidArgumentError("positions", at, rule);
}

/** Some of the pairs. */
export function pickPairs(held: HeldPairs, rows: readonly number[]): HeldPairs {
  const index = mx.array([...rows], mx.int32);
  const of = <T>(list: readonly T[]) => rows.map((row) => list[row]);
  const own = of(held.ids);
  const width = Math.max(...own.map(({ length }) => length));
  return {
    ...held,
    ids: own,
    stream: mx.take(held.stream, index, 0).index(mx.Slice(), mx.Slice(0, width)),
    position: own[0].length - (held.ids[0].length - held.position),
    base: mx.take(held.base, index, 0),
    source: mx.take(held.source, index, 0),
    answer: of(held.answer),
    wrongAnswer: of(held.wrongAnswer),
  };
}

/** The stream with the mixed activation in its place, (pairs, position, hidden); lazy. */
function exchanged(
  { stream, ids, position, base, source }: HeldPairs,
  part: Subspace | undefined,
): MxArray {
  if (!part) return stream;
  const lengths = ids.map(({ length }) => length);
  const [pairs, width] = stream.shape;
  const fromEnd = lengths[0] - position;
  const at = mx
    .array(
      lengths.map((length) => length - fromEnd),
      mx.int32,
    )
    .reshape([pairs, 1, 1]);
  const here = mx.equal(mx.arange(0, width, 1, mx.int32).reshape([1, width, 1]), at);
  return mx.where(here, mx.expandDims(mix(base, source, part), 1), stream);
}

/** Last logits of every pair with a part exchanged, (pairs, vocab); lazy, for gradients too. */
export function interchangedLogits(
  model: AnalysisModel,
  held: HeldPairs,
  part: Subspace | undefined,
): MxArray {
  const stream = exchanged(held, part);
  const interventions = { [`layers.${held.layer}`]: () => stream };
  const trace = model.trace(held.ids as number[][], { interventions });
  try {
    return lastLogits(
      model,
      trace,
      held.ids.map(({ length }) => length),
    );
  } finally {
    trace.dispose(); // nothing is saved in it, so nothing is computed here
  }
}

/** Of each pair, whether the wrong answer ends above the answer. */
export async function outcomes(
  model: AnalysisModel,
  held: HeldPairs,
  part: Subspace | undefined,
): Promise<boolean[]> {
  const stream = exchanged(held, part);
  const interventions = { [`layers.${held.layer}`]: () => stream };
  const lengths = held.ids.map(({ length }) => length);
  const [lead] = await lazyPass(model, held.ids as number[][], { interventions }, (trace) => {
    const logits = lastLogits(model, trace, lengths);
    return [mx.subtract(logitsOf(logits, held.wrongAnswer), logitsOf(logits, held.answer))];
  });
  return [...toFlat(lead)].map((value) => value > 0);
}
