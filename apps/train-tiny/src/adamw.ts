/** AdamW with gradient clipping over a module's parameters, as one lazy update. */
import { type ArrayTree, isArray, type MxArray, mx } from "@mlxterp/mlx";

export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  /** The longest gradient, by its norm over all parameters. */
  readonly clip: number;
}

type Parameters = { [key: string]: ArrayTree };

interface Moments {
  readonly mean: MxArray;
  readonly square: MxArray;
}

/** Calls `visit` with every array of a tree and its path; keeps those that are arrays. */
export function flatten(tree: ArrayTree, path = ""): [path: string, array: MxArray][] {
  if (isArray(tree)) return [[path, tree]];
  return Object.entries(tree).flatMap(([key, child]) =>
    flatten(child as ArrayTree, path ? `${path}.${key}` : key),
  );
}

/** Replaces every array of a tree by the next of a list. */
function rebuild(tree: ArrayTree, next: () => MxArray): ArrayTree {
  if (isArray(tree)) return next();
  if (Array.isArray(tree)) return tree.map((child) => rebuild(child, next));
  return Object.fromEntries(
    Object.entries(tree).map(([key, child]) => [key, rebuild(child, next)]),
  );
}

/**
 * Decoupled weight decay, on matrices only: norms keep their scale.
 * Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
 */
export class AdamW {
  #moments: Moments[] = [];
  #step = 0;

  constructor(readonly options: AdamWOptions) {}

  /** Everything held between steps, to be evaluated with them. */
  get state(): MxArray[] {
    return this.#moments.flatMap(({ mean, square }) => [mean, square]);
  }

  /**
   * @param parameters and `gradients` are trees of one shape
   * @returns the new parameters, not yet computed
   */
  update(parameters: Parameters, gradients: Parameters, learningRate: number): Parameters {
    const values = flatten(parameters).map(([, array]) => array);
    const slopes = clipped(flatten(gradients).map(([, array]) => array), this.options.clip);
    const moments = this.#moments.length > 0 ? this.#moments : values.map(zeroMoments);
    this.#step++;
    this.#moments = moments.map((old, index) => this.#accumulate(old, slopes[index]));
    const changed = values.map((value, index) =>
      this.#move(value, this.#moments[index], learningRate),
    );
    let index = 0;
    return rebuild(parameters, () => changed[index++]) as Parameters;
  }

  #accumulate({ mean, square }: Moments, slope: MxArray): Moments {
    const [keepMean, keepSquare] = this.options.betas;
    return {
      mean: mx.add(mx.multiply(mean, keepMean), mx.multiply(slope, 1 - keepMean)),
      square: mx.add(mx.multiply(square, keepSquare), mx.multiply(mx.square(slope), 1 - keepSquare)),
    };
  }

  #move(value: MxArray, { mean, square }: Moments, learningRate: number): MxArray {
    const { betas, epsilon, weightDecay } = this.options;
    const stepSize = learningRate / (1 - betas[0] ** this.#step);
    const correction = 1 / Math.sqrt(1 - betas[1] ** this.#step);
    const scale = mx.add(mx.multiply(mx.sqrt(square), correction), epsilon);
    const moved = mx.subtract(value, mx.divide(mx.multiply(mean, stepSize), scale));
    if (value.ndim < 2) return moved;
    return mx.subtract(moved, mx.multiply(value, learningRate * weightDecay));
  }
}

function zeroMoments(value: MxArray): Moments {
  return { mean: mx.zeros(value.shape), square: mx.zeros(value.shape) };
}

function clipped(slopes: readonly MxArray[], longest: number): MxArray[] {
  const squares = slopes.map((slope) => mx.sum(mx.square(slope)));
  const norm = mx.sqrt(squares.reduce((sum, square) => mx.add(sum, square)));
  const factor = mx.minimum(1, mx.divide(longest, mx.add(norm, 1e-6)));
  return slopes.map((slope) => mx.multiply(slope, factor));
}
