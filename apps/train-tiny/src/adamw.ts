/** AdamW with gradient clipping, as one lazy update of a module's parameters. */
import { type ArrayTree, isArray, type MxArray, mx } from "@mlxterp/mlx";

export interface AdamWOptions {
  readonly betas: readonly [number, number];
  readonly epsilon: number;
  readonly weightDecay: number;
  /** The longest gradient, by its norm over all parameters. */
  readonly clip: number;
}

/** Arrays by the path of their parameter. */
export type Arrays = ReadonlyMap<string, MxArray>;

interface Moments {
  readonly mean: MxArray;
  readonly square: MxArray;
}

/** Every array of a tree of gradients by its path, such as `layers.0.mlp.upProj.weight`. */
export function flatten(tree: ArrayTree, path = ""): [path: string, array: MxArray][] {
  if (isArray(tree)) return [[path, tree]];
  return Object.entries(tree).flatMap(([key, child]: [string, ArrayTree]) =>
    flatten(child, path ? `${path}.${key}` : key),
  );
}

/**
 * Decoupled weight decay, on matrices only: norms keep their scale.
 * Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.
 */
export class AdamW {
  readonly #moments = new Map<string, Moments>();
  #step = 0;

  constructor(readonly options: AdamWOptions) {}

  /** Everything held between steps, to be evaluated with them. */
  get state(): MxArray[] {
    return [...this.#moments.values()].flatMap(({ mean, square }) => [mean, square]);
  }

  /** @returns the new parameters, not yet computed */
  update(parameters: Arrays, gradients: Arrays, learningRate: number): [string, MxArray][] {
    this.#step++;
    const factor = clipFactor([...gradients.values()], this.options.clip);
    return [...parameters].map(([path, value]) => {
      const slope = mx.multiply(gradients.get(path)!, factor);
      const moments = this.#accumulate(this.#moments.get(path) ?? zeroMoments(value), slope);
      this.#moments.set(path, moments);
      return [path, this.#move(value, moments, learningRate)];
    });
  }

  #accumulate({ mean, square }: Moments, slope: MxArray): Moments {
    const [keepMean, keepSquare] = this.options.betas;
    return {
      mean: mx.add(mx.multiply(mean, keepMean), mx.multiply(slope, 1 - keepMean)),
      square: mx.add(
        mx.multiply(square, keepSquare),
        mx.multiply(mx.square(slope), 1 - keepSquare),
      ),
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

function zeroMoments({ shape }: MxArray): Moments {
  return { mean: mx.zeros(shape), square: mx.zeros(shape) };
}

function clipFactor(slopes: readonly MxArray[], longest: number): MxArray {
  const squares = slopes.map((slope) => mx.sum(mx.square(slope)));
  const norm = mx.sqrt(squares.reduce((sum, square) => mx.add(sum, square)));
  return mx.minimum(1, mx.divide(longest, mx.add(norm, 1e-6)));
}
