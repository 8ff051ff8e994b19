/** Runs with something added to the residual stream after one layer; nothing below it is computed again. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { inBatches, mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { logitsOf } from "../shared/token-sets.js";

/** Prompts with the residual stream after the chosen layers. */
interface HeldBatch {
  readonly ids: readonly (readonly number[])[];
  /** By layer, (batch, position, hidden). */
  readonly streams: ReadonlyMap<number, MxArray>;
  /** Of the whole list, the number of each. */
  readonly numbers: readonly number[];
}

export type HeldPrompts = readonly HeldBatch[];

export async function holdStreams(
  model: AnalysisModel,
  prompts: readonly (readonly number[])[],
  layers: readonly number[],
  batchSize: number,
): Promise<HeldPrompts> {
  const held: HeldBatch[] = [];
  const numbers = prompts.map((_, index) => index);
  for (const batch of inBatches(numbers, batchSize)) {
    const ids = batch.map((index) => prompts[index]);
    const cache = await model.run(ids as number[][], {
      save: layers.map((layer) => `layers.${layer}`),
    });
    const streams = new Map(layers.map((layer) => [layer, cache.get(`layers.${layer}`)]));
    held.push({ ids, streams, numbers: batch });
  }
  return held;
}

/** What is added, (hidden), and after which layer; nothing leaves the model as it is. */
export interface Push {
  readonly layer: number;
  readonly vector: MxArray | undefined;
}

function pushed({ streams }: HeldBatch, { layer, vector }: Push) {
  const stream = streams.get(layer) as MxArray; // held for every layer that is asked
  return { [`layers.${layer}`]: () => (vector ? mx.add(stream, vector) : stream) };
}

/** The tokens that prompts are judged by, one each. */
export interface JudgedTokens {
  readonly answer: readonly number[];
  readonly wrongAnswer?: readonly number[] | undefined;
}

/** Mean log probability of the answers, less that of the wrong ones. */
export async function effectOf(
  model: AnalysisModel,
  held: HeldPrompts,
  push: Push,
  { answer, wrongAnswer }: JudgedTokens,
): Promise<number> {
  const scores: number[] = [];
  for (const batch of held) {
    const own = (tokens: readonly number[]) => batch.numbers.map((index) => tokens[index]);
    const lengths = batch.ids.map(({ length }) => length);
    const [found] = await lazyPass(model, batch.ids as number[][], { interventions: pushed(batch, push) }, (trace) => {
      const logits = lastLogits(model, trace, lengths);
      const one = logitsOf(logits, own(answer));
      const other = wrongAnswer ? logitsOf(logits, own(wrongAnswer)) : mx.logsumexp(logits, 1);
      return [mx.subtract(one, other)];
    }); // biome-ignore format: one call
    scores.push(...toFlat(found));
  }
  return mean(scores);
}

/** Mean surprise a token, in nats, over all tokens that have one before them. */
export async function surpriseOf(
  model: AnalysisModel,
  held: HeldPrompts,
  push: Push,
): Promise<number> {
  let [sum, count] = [0, 0];
  const { layers } = model.anatomy;
  for (const batch of held) {
    const lengths = batch.ids.map(({ length }) => length);
    const width = Math.max(...lengths);
    const next = batch.ids.map((ids) => Array.from({ length: width }, (_, at) => ids[at + 1] ?? 0));
    const real = batch.ids.map((ids) =>
      Array.from({ length: width }, (_, at) => (at + 1 < ids.length ? 1 : 0)),
    );
    const [total] = await lazyPass(model, batch.ids as number[][], { interventions: pushed(batch, push) }, (trace) => {
      const residual = trace.at(`layers.${layers - 1}`).value;
      const logits = model.anatomy.unembed(model.anatomy.finalNorm(residual)); // (batch, position, vocab)
      const chosen = mx.takeAlongAxis(logits, mx.expandDims(mx.array(next, mx.int32), 2), 2).squeeze(2);
      const surprise = mx.subtract(mx.logsumexp(logits, 2), chosen);
      return [mx.sum(mx.multiply(surprise, mx.array(real as number[][])))];
    }); // biome-ignore format: one call
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
