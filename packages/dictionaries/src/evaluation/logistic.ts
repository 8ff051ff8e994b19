/** Logistic regression by Newton's method, with a penalty on the weights' squares: the probe that measures of features are made with. */
import { InvalidArgumentError, type MxArray, mx, toFlat } from "@mlxterp/mlx";

interface LogisticProbe {
  readonly weights: MxArray; // (width)
  readonly bias: number;
}

const rounds = 25;
const nearEnough = 1e-5;
/** What rounding may take from a diagonal of ones, for each column. */
const lost = 2 ** -22;

/**
 * Each step is solved in columns of equal curvature, and with as much more on the diagonal as float32 may have lost there: MLX ends the process
 * where what it inverts is singular, as rows of very large numbers make it. Neither moves the optimum.
 *
 * @param x (rows, width), finite
 * @param labels 0 or 1, one for each row
 * @param penalty on Σ w² / 2, of the loss summed over rows; the bias is free
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for rows whose squares float32 cannot hold
 */
export function fitLogistic(x: MxArray, labels: ArrayLike<number>, penalty = 1): LogisticProbe {
  requireSquares(x);
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
    const lengths = mx.sqrt(mx.sum(mx.multiply(curve, mx.eye(width + 1)), 1, true));
    const alike = mx.divide(mx.divide(curve, lengths), lengths.transpose());
    const inverse = mx.linalg.inv(
      mx.add(alike, mx.multiply(mx.eye(width + 1), lost * (width + 1))),
    );
    const move = mx.divide(mx.matmul(inverse, mx.divide(slope, lengths)), lengths);
    weights = mx.subtract(weights, move);
    if (Number(mx.max(mx.abs(move)).item()) < nearEnough) break;
  }
  const found = toFlat(weights);
  return {
    weights: mx.array([...found.subarray(0, width)]),
    bias: found[width],
  };
}

function requireSquares(x: MxArray): void {
  const squares = Number(mx.sum(mx.square(x.astype(mx.float32))).item());
  if (Number.isFinite(squares)) return;
  const rule =
    "rows, and what a dictionary makes of them, must be finite, and their squares within float32, for a probe to be fitted.";
  throw new InvalidArgumentError("x", x, rule);
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
