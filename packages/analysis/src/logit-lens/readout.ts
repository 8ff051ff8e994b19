/** Layers of a lens: final norm, unembedding, and only what a cell shows brought to the host. */
import type { Anatomy } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat, topK } from "@mlxterp/mlx";

/** The numbers of one cell, without texts. */
export interface RawCell {
  readonly ids: readonly number[];
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
  readonly entropy: number;
  /** From the final prediction to this one, where that was asked. */
  readonly divergence?: number;
  /** One for each token that is followed, in the order asked. */
  readonly followed: readonly FollowedToken[];
}

/** How a token fares in a cell. */
export interface FollowedToken {
  readonly logit: number;
  readonly probability: number;
  readonly rank: number;
}

/** What is read besides the most likely tokens. */
export interface ReadoutPlan {
  /** Tokens for each row of the batch, as many for each. */
  readonly followed: readonly (readonly number[])[];
  /** (batch · position, vocab): the final prediction, as probabilities. */
  readonly final?: MxArray | undefined;
}

/** The prediction after the last layer, (batch · position, vocab); lazy. */
export function finalPrediction(anatomy: Anatomy, residual: MxArray): MxArray {
  const logits = anatomy.unembed(anatomy.finalNorm(residual));
  return mx.softmax(logits.reshape([-1, logits.shape[2]]), 1);
}

/**
 * Reads the residual streams of layers with a single unembedding product, since that reads the matrix once: on a processor a row
 * of 32 takes half as long again as one of 128.
 *
 * @param residuals each (batch, position, hidden), of one shape
 * @param k tokens for each cell; no more than the vocabulary holds are given
 * @returns for each stream the cells of each row, by position
 */
export async function readLayers(
  anatomy: Anatomy,
  residuals: readonly MxArray[],
  k: number,
  plan: ReadoutPlan,
): Promise<RawCell[][][]> {
  const [batch, width] = residuals[0].shape;
  const wanted = buildReadouts(anatomy, residuals, k, plan);
  await evaluate(wanted.flatMap(({ indices, numbers }) => [indices, numbers]));
  return wanted.map((one) => {
    const indices = toFlat(one.indices);
    const numbers = toFlat(one.numbers);
    const count = indices.length / (batch * width);
    const stride = numbers.length / (batch * width);
    const cell = (row: number): RawCell =>
      parseCell(
        [...indices.subarray(row * count, (row + 1) * count)],
        [...numbers.subarray(row * stride, (row + 1) * stride)],
        plan.final !== undefined,
      );
    return Array.from({ length: batch }, (_, prompt) =>
      Array.from({ length: width }, (_, position) => cell(prompt * width + position)),
    );
  });
}

interface Readout {
  readonly indices: MxArray;
  readonly numbers: MxArray;
}

/** Lazy: the handle of the full logits is gone when this returns. */
function buildReadouts(
  anatomy: Anatomy,
  residuals: readonly MxArray[],
  k: number,
  plan: ReadoutPlan,
): Readout[] {
  const joined = residuals.length === 1 ? residuals[0] : mx.concatenate([...residuals], 0);
  const logits = anatomy.unembed(anatomy.finalNorm(joined)); // (streams · batch, position, vocab)
  if (residuals.length === 1) return [buildReadout(logits, k, plan)];
  return mx.split(logits, residuals.length, 0).map((own) => buildReadout(own, k, plan));
}

/** @param logits (batch, position, vocab) */
function buildReadout(logits: MxArray, k: number, { followed, final }: ReadoutPlan): Readout {
  const [batch, width, vocab] = logits.shape; // the matrix's vocabulary, not the tokenizer's
  const flat = logits.reshape([batch * width, vocab]);
  const { values, indices } = topK(flat, Math.min(k, vocab)); // (rows, k)
  const probabilities = mx.softmax(flat, 1); // its kernel is faster than an exponential alone
  const peak = values.index(mx.Slice(), mx.Slice(0, 1)); // (rows, 1)
  const certainty = mx.takeAlongAxis(probabilities, indices.index(mx.Slice(), mx.Slice(0, 1)), 1);
  const normalizer = mx.subtract(peak, mx.log(certainty)); // (rows, 1)
  const entropy = mx.subtract(normalizer, meanUnder(probabilities, flat));
  const parts = [normalizer, mx.maximum(entropy, 0), values]; // rounding may go below
  if (final) parts.push(divergenceFrom(final, flat, normalizer));
  const count = followed[0]?.length ?? 0;
  for (let index = 0; index < count; index++) {
    const tokens = followed.flatMap((ids) => new Array<number>(width).fill(ids[index]));
    parts.push(...readTokens(flat, tokens));
  }
  return { indices, numbers: mx.concatenate(parts, 1) };
}

/** Each row's mean of values under probabilities, (rows, 1): a product of row and column, without an array of their size between them. */
function meanUnder(probabilities: MxArray, values: MxArray): MxArray {
  const [rows, vocab] = values.shape;
  return mx
    .matmul(probabilities.reshape([rows, 1, vocab]), values.reshape([rows, vocab, 1]))
    .reshape([rows, 1]);
}

/** KL(final ‖ this) in nats, (rows, 1). */
function divergenceFrom(final: MxArray, logits: MxArray, normalizer: MxArray): MxArray {
  const surprise = mx.subtract(normalizer, meanUnder(final, logits));
  const own = meanUnder(final, mx.log(mx.maximum(final, 1e-37))); // 0 · log 0 is 0
  return mx.maximum(mx.add(surprise, own), 0);
}

/** Rank and logit of each row's token, both (rows, 1). */
function readTokens(flat: MxArray, ids: readonly number[]): MxArray[] {
  const logit = mx.takeAlongAxis(flat, mx.array([...ids], mx.int32).reshape([-1, 1]), 1);
  const above = mx.sum(mx.greater(flat, logit), 1, true);
  return [mx.add(above, 1).astype(flat.dtype), logit];
}

/** @param numbers normalizer, entropy, the top logits, the divergence if there is one, then rank and logit of each followed token */
function parseCell(ids: number[], numbers: number[], diverges: boolean): RawCell {
  const [normalizer, entropy, ...rest] = numbers;
  const logits = rest.splice(0, ids.length);
  const probability = (value: number) => Math.exp(value - normalizer);
  const [divergence] = diverges ? rest.splice(0, 1) : [];
  const followed = Array.from({ length: rest.length / 2 }, (_, index): FollowedToken => {
    const [rank, logit] = rest.slice(2 * index, 2 * index + 2);
    return { logit, probability: probability(logit), rank };
  });
  const cell = { ids, logits, probabilities: logits.map(probability), entropy, followed };
  return divergence === undefined ? cell : { ...cell, divergence };
}
