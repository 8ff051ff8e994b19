/** A probe that learns where to look: positions are weighted by a query of its own before they are read. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";

/** Padded states of prompts. */
export interface States {
  readonly value: MxArray; // (prompts, position, hidden)
  readonly lengths: readonly number[];
}

interface AttentionProbe {
  readonly query: MxArray; // (hidden, 1)
  readonly weights: MxArray; // (hidden, 1)
  readonly bias: MxArray; // (1)
}

const [steps, rate, decay] = [120, 0.05, 1e-2];

/**
 * Trains query and weights together (Adam, all prompts at once), from a query that looks everywhere alike.
 *
 * @param C how much errors weigh against large weights
 * @returns scores of other prompts, above 0 for label 1
 */
export async function attentionScores(
  train: States,
  labels: readonly number[],
  test: States,
  C = 1,
): Promise<Float32Array> {
  const [, , hidden] = train.value.shape;
  const scale = mx.sqrt(mx.mean(mx.square(train.value)));
  const states = { ...train, value: mx.divide(train.value, scale) };
  const wanted = mx.array(labels.map((label) => (label > 0 ? 1 : -1))).reshape([-1, 1]);
  let parts = mx.zeros([2 * hidden + 1, 1]);
  let [first, second] = [mx.zerosLike(parts), mx.zerosLike(parts)];
  const loss = (own: MxArray) => {
    const margins = mx.multiply(wanted, scores(partsOf(own, hidden), states));
    const size = mx.sum(mx.square(own.index(mx.Slice(0, 2 * hidden))));
    return mx.add(
      mx.mean(mx.logaddexp(0, mx.negative(margins))),
      mx.multiply(size, decay / (C * hidden)),
    );
  };
  for (let step = 1; step <= steps; step++) {
    const gradient = mx.grad(loss)(parts);
    first = mx.add(mx.multiply(first, 0.9), mx.multiply(gradient, 0.1));
    second = mx.add(mx.multiply(second, 0.99), mx.multiply(mx.square(gradient), 0.01));
    const size = (rate * (1 - step / (steps + 1))) / (1 - 0.9 ** step);
    const spread = mx.add(mx.sqrt(mx.divide(second, 1 - 0.99 ** step)), 1e-8);
    parts = mx.subtract(parts, mx.multiply(mx.divide(first, spread), size));
    await evaluate([parts, first, second]);
  }
  const found = scores(partsOf(parts, hidden), { ...test, value: mx.divide(test.value, scale) });
  return toFlat(found.reshape([-1])) as Float32Array;
}

function partsOf(parts: MxArray, hidden: number): AttentionProbe {
  return {
    query: parts.index(mx.Slice(0, hidden)),
    weights: parts.index(mx.Slice(hidden, 2 * hidden)),
    bias: parts.index(mx.Slice(2 * hidden)),
  };
}

/** (prompts, 1) */
function scores({ query, weights, bias }: AttentionProbe, { value, lengths }: States): MxArray {
  const width = value.shape[1];
  const real = mx.less(
    mx.arange(0, width, 1, mx.int32).reshape([1, width, 1]),
    mx.array([...lengths], mx.int32).reshape([-1, 1, 1]),
  );
  const looked = mx.softmax(mx.where(real, mx.matmul(value, query), -1e9), 1); // (prompts, position, 1)
  const said = mx.matmul(value, weights);
  return mx.add(mx.sum(mx.multiply(looked, said), 1), bias.reshape([1, 1]));
}
