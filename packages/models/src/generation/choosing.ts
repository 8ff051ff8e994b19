/** The next token of every row: found on the device where the largest logit decides, else drawn on the host. */
import { type MxArray, mx, toFlat, topK } from "@mlxterp/mlx";
import type { GenerateBatchOptions } from "./options.js";
import { type Choice, createSampler, needsSampler } from "./sampling.js";

/** A chosen token and, where asked for, what else was likely. */
export interface Chosen extends Choice {
  /** The most likely tokens, most likely first. */
  readonly alternatives?: readonly Choice[];
}

/** What to compute, and what it then says of each row. */
interface Readout<T> {
  readonly arrays: readonly MxArray[];
  /** To be called when the arrays have been computed. */
  read(): (row: number) => T;
}

/**
 * Chooses for all rows of a generation.
 *
 * @param prompts the whole ids of each row
 * @returns a function of logits, (batch, vocab) float32; what it answers is asked only for rows that go on
 */
export function createChooser(
  prompts: readonly (readonly number[])[],
  options: GenerateBatchOptions,
): (logits: MxArray) => Readout<Chosen> {
  const { seed = 0, alternatives: count = 0 } = options;
  const samplers =
    needsSampler(options) &&
    prompts.map((ids, row) => createSampler({ ...options, seed: seed + row }, ids));
  return (logits) => {
    const choice = samplers ? sampled(logits, samplers) : mostLikely(logits);
    return count > 0 ? withAlternatives(choice, alternatives(logits, count)) : choice;
  };
}

function withAlternatives(
  choice: Readout<Choice>,
  others: Readout<readonly Choice[]>,
): Readout<Chosen> {
  return {
    arrays: [...choice.arrays, ...others.arrays],
    read: () => {
      const [choiceOf, othersOf] = [choice.read(), others.read()];
      return (row) => ({ ...choiceOf(row), alternatives: othersOf(row) });
    },
  };
}

function mostLikely(logits: MxArray): Readout<Choice> {
  const tokens = mx.argmax(logits, 1).astype(mx.int32);
  // Softmax is one operation where the logarithm of a sum of exponentials is many
  const logProbabilities = mx.log(mx.max(mx.softmax(logits, 1), 1));
  return {
    arrays: [tokens, logProbabilities],
    read: () => {
      const [ids, numbers] = [toFlat(tokens), toFlat(logProbabilities)];
      return (row) => ({ token: ids[row], logProbability: numbers[row] });
    },
  };
}

function sampled(
  logits: MxArray,
  samplers: readonly ((logits: Float32Array) => Choice)[],
): Readout<Choice> {
  return {
    arrays: [logits],
    read: () => {
      const [, vocab] = logits.shape;
      const values = Float32Array.from(toFlat(logits));
      return (row) => samplers[row](values.subarray(row * vocab, (row + 1) * vocab));
    },
  };
}

function alternatives(logits: MxArray, count: number): Readout<readonly Choice[]> {
  const k = Math.min(count, logits.shape[1]);
  const { values, indices } = topK(logits, k);
  const logProbabilities = mx.subtract(values, mx.logsumexp(logits, 1, true));
  return {
    arrays: [indices, logProbabilities],
    read: () => {
      const [ids, numbers] = [toFlat(indices), toFlat(logProbabilities)];
      return (row) =>
        Array.from({ length: k }, (_, rank) => {
          const place = row * k + rank;
          return { token: ids[place], logProbability: numbers[place] };
        });
    },
  };
}
