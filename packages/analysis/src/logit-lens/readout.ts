/** One layer of a lens: final norm, unembedding, and only what a cell shows brought to the host. */
import type { Anatomy } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat, topK } from "@mlxterp/mlx";

/** The numbers of one cell, without texts. */
export interface RawCell {
  readonly ids: readonly number[];
  readonly logits: readonly number[];
  readonly probabilities: readonly number[];
  readonly entropy: number;
  readonly answer?: {
    readonly logit: number;
    readonly probability: number;
    readonly rank: number;
  };
}

/**
 * Reads the residual stream of one layer with a single unembedding product.
 *
 * @param residual (batch, position, hidden)
 * @param k tokens for each cell; no more than the vocabulary holds are given
 * @param answers a token for each row of the batch
 * @returns the cells of each row, by position
 */
export async function readLayer(
  anatomy: Anatomy,
  residual: MxArray,
  k: number,
  answers?: readonly number[],
): Promise<RawCell[][]> {
  const [batch, width] = residual.shape;
  const wanted = buildReadout(anatomy, residual, k, answers);
  await evaluate([wanted.indices, wanted.numbers]);
  const indices = toFlat(wanted.indices);
  const numbers = toFlat(wanted.numbers);
  const count = indices.length / (batch * width);
  const stride = numbers.length / (batch * width);
  const cell = (row: number): RawCell =>
    parseCell(
      [...indices.subarray(row * count, (row + 1) * count)],
      [...numbers.subarray(row * stride, (row + 1) * stride)],
    );
  return Array.from({ length: batch }, (_, prompt) =>
    Array.from({ length: width }, (_, position) => cell(prompt * width + position)),
  );
}

/** Lazy: the handle of the full logits is gone when this returns. */
function buildReadout(
  anatomy: Anatomy,
  residual: MxArray,
  k: number,
  answers: readonly number[] | undefined,
): { indices: MxArray; numbers: MxArray } {
  const logits = anatomy.unembed(anatomy.finalNorm(residual)); // (batch, position, vocab)
  const [batch, width, vocab] = logits.shape; // the matrix's vocabulary, not the tokenizer's
  const flat = logits.reshape([batch * width, vocab]);
  const { values, indices } = topK(flat, Math.min(k, vocab)); // (rows, k)
  const probabilities = mx.softmax(flat, 1); // its kernel is faster than an exponential alone
  const peak = values.index(mx.Slice(), mx.Slice(0, 1)); // (rows, 1)
  const certainty = mx.takeAlongAxis(probabilities, indices.index(mx.Slice(), mx.Slice(0, 1)), 1);
  const normalizer = mx.subtract(peak, mx.log(certainty)); // (rows, 1)
  const rows = [batch * width, 1, vocab];
  const meanLogit = mx // a product of row and column: no array of the size of the logits between them
    .matmul(probabilities.reshape(rows), flat.reshape([batch * width, vocab, 1]))
    .reshape([batch * width, 1]);
  const entropy = mx.maximum(mx.subtract(normalizer, meanLogit), 0); // rounding may go below
  const parts = [normalizer, entropy, values];
  if (answers) parts.push(...readAnswers(flat, answers, width));
  return { indices, numbers: mx.concatenate(parts, 1) };
}

/** Logit and rank of each row's answer, both (rows, 1). */
function readAnswers(flat: MxArray, answers: readonly number[], width: number): MxArray[] {
  const ids = answers.flatMap((id) => new Array<number>(width).fill(id));
  const logit = mx.takeAlongAxis(flat, mx.array(ids, mx.int32).reshape([-1, 1]), 1);
  const above = mx.sum(mx.greater(flat, logit), 1, true);
  return [mx.add(above, 1).astype(flat.dtype), logit];
}

/** @param numbers normalizer, entropy, the top logits, then rank and logit of the answer if there is one */
function parseCell(ids: number[], numbers: number[]): RawCell {
  const [normalizer, entropy, ...rest] = numbers;
  const logits = rest.slice(0, ids.length);
  const [rank, logit] = rest.slice(ids.length);
  const probability = (value: number) => Math.exp(value - normalizer);
  const cell = { ids, logits, probabilities: logits.map(probability), entropy };
  if (rank === undefined) return cell;
  return { ...cell, answer: { logit, probability: probability(logit), rank } };
}
