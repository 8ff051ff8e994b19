/**
 * Logistic regression to its optimum: Newton's method, with steps found by conjugate gradients, so that wide activations need no matrix of
 * their width squared. Minimises |w|² / 2 + C · the sum of log losses; the intercept is free.
 *
 * Source: Lin, Weng & Keerthi 2008, "Trust Region Newton Method for Large-Scale Logistic Regression", here with a line search.
 */
import { dot, type Rows, times, weighted } from "./matrix.js";

/** Scores are `row · weights + bias`; above 0 is label 1. */
export interface LinearFit {
  readonly weights: Float64Array;
  readonly bias: number;
}

const mostSteps = 100;
const mostSubSteps = 400;

/**
 * @param labels 0 or 1 for each row
 * @param C how much the losses weigh against the size of the weights
 */
export function fitLogistic(rows: Rows, labels: readonly number[], C: number): LinearFit {
  const signs = Float64Array.from(labels, (label) => (label > 0 ? 1 : -1));
  let point = new Float64Array(rows.width + 1); // the last is the bias
  let state = stateAt(rows, signs, C, point);
  const start = Math.sqrt(dot(state.gradient, state.gradient));
  for (let step = 0; step < mostSteps; step++) {
    const size = Math.sqrt(dot(state.gradient, state.gradient));
    if (size <= 1e-9 * Math.max(start, 1)) break;
    const direction = newtonStep(
      rows,
      C,
      state,
      Math.min(0.1, size / Math.max(start, 1e-300)) * size,
    );
    const slope = dot(direction, state.gradient);
    let length = 1;
    let next = state;
    for (let halving = 0; halving < 40; halving++, length /= 2) {
      const tried = point.map((value, at) => value + length * direction[at]);
      next = stateAt(rows, signs, C, tried);
      if (next.loss <= state.loss + 1e-4 * length * slope) {
        point = tried;
        break;
      }
    }
    if (next.loss >= state.loss) break; // nothing left but rounding
    state = next;
  }
  return { weights: point.slice(0, rows.width), bias: point[rows.width] };
}

interface State {
  readonly loss: number;
  readonly gradient: Float64Array;
  /** p (1 − p) of each row. */
  readonly curvature: Float64Array;
}

function stateAt(rows: Rows, signs: Float64Array, C: number, point: Float64Array): State {
  const weights = point.subarray(0, rows.width);
  const margins = times(rows, weights).map((value, at) => signs[at] * (value + point[rows.width]));
  let loss = dot(weights, weights) / 2;
  for (const margin of margins) loss += C * (margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin); // biome-ignore format: one formula
  const right = margins.map((margin) => 1 / (1 + Math.exp(-margin)));
  const pulls = right.map((share, at) => -C * signs[at] * (1 - share));
  const gradient = new Float64Array(rows.width + 1);
  gradient.set(weighted(rows, pulls).map((value, at) => value + weights[at]));
  gradient[rows.width] = pulls.reduce((sum, one) => sum + one, 0);
  return { loss, gradient, curvature: right.map((share) => share * (1 - share)) };
}

/** Solves H · step = −gradient, as far as the tolerance asks. */
function newtonStep(rows: Rows, C: number, { gradient, curvature }: State, tolerance: number) {
  const { width } = rows;
  const product = (v: Float64Array): Float64Array => {
    const moved = times(rows, v.subarray(0, width)).map(
      (one, at) => C * curvature[at] * (one + v[width]),
    );
    const result = new Float64Array(width + 1);
    result.set(weighted(rows, moved).map((one, at) => one + v[at]));
    result[width] = moved.reduce((sum, one) => sum + one, 0) + 1e-12 * v[width];
    return result;
  };
  const step = new Float64Array(width + 1);
  const rest = gradient.map((value) => -value);
  let towards = rest.slice();
  let square = dot(rest, rest);
  for (let turn = 0; turn < mostSubSteps && Math.sqrt(square) > tolerance; turn++) {
    const curved = product(towards);
    const along = dot(towards, curved);
    if (!(along > 0)) break;
    const length = square / along;
    for (let at = 0; at <= width; at++) {
      step[at] += length * towards[at];
      rest[at] -= length * curved[at];
    }
    const next = dot(rest, rest);
    const share = next / square;
    towards = towards.map((value, at) => rest[at] + share * value);
    square = next;
  }
  return step;
}
