/** Logistic regression by Newton's method, with a penalty on the weights' squares: the probe that measures of features are made with. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";

interface LogisticProbe {
  readonly weights: MxArray; // (width)
  readonly bias: number;
}

const rounds = 25;
const nearEnough = 1e-5;

/**
 * @param x (rows, width)
 * @param labels 0 or 1, one for each row
 * @param penalty on Σ w² / 2, of the loss summed over rows; the bias is free
 */
export function fitLogistic(x: MxArray, labels: ArrayLike<number>, penalty = 1): LogisticProbe {
  const [rows, width] = x.shape;
  const y = mx.array(Array.from(labels)).reshape([rows, 1]);
  const design = mx.concatenate([x, mx.ones([rows, 1])], 1); // (rows, width + 1)
  const diagonal = Array.from({ length: width + 1 }, (_, at) => (at < width ? penalty : 1e-6));
  const ridge = mx.array(diagonal).reshape([width + 1, 1]);
  let weights = mx.zeros([width + 1, 1]);
  for (let round = 0; round < rounds; round++) {
    const chance = mx.sigmoid(mx.matmul(design, weights));
    const spread = mx.maximum(mx.multiply(chance, mx.subtract(1, chance)), 1e-6);
    const error = mx.subtract(chance, y);
    const slope = mx.add(mx.matmul(design.transpose(), error), mx.multiply(ridge, weights));
    const curve = mx.add(
      mx.matmul(design.transpose(), mx.multiply(spread, design)),
      mx.multiply(mx.eye(width + 1), ridge),
    );
    const move = mx.matmul(mx.linalg.inv(curve), slope);
    weights = mx.subtract(weights, move);
    if (Number(mx.max(mx.abs(move)).item()) < nearEnough) break;
  }
  const found = toFlat(weights);
  return {
    weights: mx.array([...found.subarray(0, width)]),
    bias: found[width],
  };
}

/** The logit of each row. */
export function logitsOf({ weights, bias }: LogisticProbe, x: MxArray): Float32Array {
  const values = mx.add(mx.matmul(x, weights.reshape([weights.size, 1])), bias);
  return Float32Array.from(toFlat(values.reshape([x.shape[0]])));
}

export function accuracyOf(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  let right = 0;
  for (let at = 0; at < logits.length; at++) if (logits[at] > 0 === labels[at] > 0.5) right++;
  return right / logits.length;
}

export function f1Of(logits: ArrayLike<number>, labels: ArrayLike<number>): number {
  let [hits, either] = [0, 0];
  for (let at = 0; at < logits.length; at++) {
    const [said, there] = [logits[at] > 0, labels[at] > 0.5];
    hits += said && there ? 1 : 0;
    either += Number(said) + Number(there);
  }
  return either > 0 ? (2 * hits) / either : 0;
}
