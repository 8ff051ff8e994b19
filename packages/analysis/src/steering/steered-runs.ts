/** Runs with something added to the residual stream after one layer; nothing below it is computed again. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { type TokenSet, weightOf } from "../shared/token-sets.js";
import type { JudgedRow } from "./judged-rows.js";

/** Something with the token ids that are run. */
interface WithIds {
  readonly ids: readonly number[];
}

/** Rows with the residual stream after the chosen layers. */
interface HeldBatch<R extends WithIds> {
  readonly rows: readonly R[];
  /** By layer, (batch, position, hidden). */
  readonly streams: ReadonlyMap<number, MxArray>;
}

export type HeldRows<R extends WithIds> = readonly HeldBatch<R>[];

export async function holdStreams<R extends WithIds>(
  model: AnalysisModel,
  rows: readonly R[],
  layers: readonly number[],
  { batchSize, signal }: { readonly batchSize: number; readonly signal?: AbortSignal | undefined },
): Promise<HeldRows<R>> {
  const held: HeldBatch<R>[] = [];
  for (const batch of inBatches(rows, batchSize)) {
    signal?.throwIfAborted();
    const save = layers.map((layer) => `layers.${layer}`);
    const cache = await model.run(idsOf(batch), { save });
    const streams = new Map(layers.map((layer) => [layer, cache.get(`layers.${layer}`)]));
    held.push({ rows: batch, streams });
  }
  return held;
}

function idsOf(rows: readonly WithIds[]): number[][] {
  return rows.map(({ ids }) => [...ids]);
}

/** What is added, (hidden), and after which layer; nothing leaves the model as it is. */
export interface Push {
  readonly layer: number;
  readonly vector: MxArray | undefined;
}

function pushed({ streams }: Pick<HeldBatch<WithIds>, "streams">, { layer, vector }: Push) {
  const stream = streams.get(layer) as MxArray; // held for every layer that is asked
  return { [`layers.${layer}`]: () => (vector ? mx.add(stream, vector) : stream) };
}

/** Where in a batch tokens are looked for, and which. */
interface Look {
  readonly row: number;
  readonly position: number;
  readonly tokens: TokenSet;
  readonly weight: number;
}

function looksOf({ ids, terms }: JudgedRow, row: number): Look[] {
  return terms.flatMap(({ steps, weight }) =>
    steps.map((tokens, step) => ({ row, position: ids.length - steps.length + step, tokens, weight })),
  ); // biome-ignore format: one list
}

/** Of every prompt the log probability of its answer, less that of the wrong one. */
export async function effectsOf(
  model: AnalysisModel,
  held: HeldRows<JudgedRow>,
  push: Push,
): Promise<number[]> {
  const sums: number[] = [];
  for (const batch of held) {
    const looks = batch.rows.flatMap(looksOf);
    const options = { interventions: pushed(batch, push) };
    const [found] = await lazyPass(model, idsOf(batch.rows), options, (trace) => {
      const stream = trace.at(`layers.${model.anatomy.layers - 1}`).value;
      return [logProbabilities(model, stream, looks)];
    });
    const values = toFlat(found);
    for (const [at, { row, weight }] of looks.entries()) {
      const { prompt } = batch.rows[row];
      sums[prompt] = (sums[prompt] ?? 0) + weight * values[at];
    }
  }
  return sums;
}

/** @param stream (batch, position, hidden); @returns (looks), lazy */
function logProbabilities(model: AnalysisModel, stream: MxArray, looks: readonly Look[]): MxArray {
  const [, width, hidden] = stream.shape;
  const places = looks.map(({ row, position }) => row * width + position);
  const read = [...new Set(places)]; // two answers are often read at one place
  const index = mx.array(read, mx.int32);
  const { finalNorm, unembed } = model.anatomy;
  const everywhere = model.edits.length > 0; // edits of a view may be for some positions only
  const flat = (value: MxArray) => value.reshape([-1, value.shape[2]]);
  const logits = everywhere
    ? mx.take(flat(unembed(finalNorm(stream))), index, 0)
    : unembed(finalNorm(mx.take(stream.reshape([-1, hidden]), index, 0))); // (places, vocab)
  const from = places.map((place) => read.indexOf(place));
  const same = from.every((place, at) => place === at) && from.length === read.length;
  const order = mx.array(from, mx.int32);
  const rows = same ? logits : mx.take(logits, order, 0);
  const all = mx.take(mx.logsumexp(logits, 1), order, 0);
  return mx.subtract(weightOf(rows, looks.map(({ tokens }) => tokens)), all); // biome-ignore format: one line
}

/** Mean surprise a token, in nats, over all tokens that have one before them. */
export async function surpriseOf(
  model: AnalysisModel,
  held: HeldRows<WithIds>,
  push: Push,
): Promise<number> {
  let [sum, count] = [0, 0];
  const { layers } = model.anatomy;
  for (const batch of held) {
    const lengths = batch.rows.map(({ ids }) => ids.length);
    const width = Math.max(...lengths);
    const next = batch.rows.map(({ ids }) => range(width).map((at) => ids[at + 1] ?? 0));
    const real = lengths.map((length) => range(width).map((at) => (at + 1 < length ? 1 : 0)));
    const options = { interventions: pushed(batch, push) };
    const [total] = await lazyPass(model, idsOf(batch.rows), options, (trace) => {
      const residual = trace.at(`layers.${layers - 1}`).value;
      const logits = model.anatomy.unembed(model.anatomy.finalNorm(residual)); // (batch, position, vocab)
      const index = mx.expandDims(mx.array(next, mx.int32), 2);
      const chosen = mx.takeAlongAxis(logits, index, 2).squeeze(2);
      const surprise = mx.subtract(mx.logsumexp(logits, 2), chosen);
      return [mx.sum(mx.multiply(surprise, mx.array(real as number[][])))];
    });
    sum += Number(total.item());
    count += lengths.reduce((all, length) => all + length - 1, 0);
  }
  return count === 0 ? Number.NaN : sum / count;
}

/** Directions of length 1 at random, (count, hidden). */
export async function randomDirections(
  count: number,
  hidden: number,
  seed: number,
): Promise<MxArray[]> {
  const noise = mx.random.normal([count, hidden], mx.float32, 0, 1, mx.random.key(seed));
  const unit = mx.divide(noise, mx.linalg.norm(noise, 2, 1, true));
  await evaluate([unit]);
  return Array.from({ length: count }, (_, index) => unit.index(index));
}
