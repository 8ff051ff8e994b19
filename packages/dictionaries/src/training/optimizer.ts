/**
 * Adam as PyTorch computes it, with gradients clipped by their length together, and decoder rows kept at norm 1 where that is asked for. Written
 * out here since the binding's own does not correct for its first steps. Source: Kingma & Ba 2015, algorithm 1.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ResolvedConfig } from "./config.js";
import type { Parameters } from "./parameters.js";

/** Running means of gradients and of their squares, by parameter. */
export interface Moments {
  readonly mean: Parameters;
  readonly square: Parameters;
}

export function zeroMoments(parameters: Parameters): Moments {
  const zeros = () => mapArrays(parameters, ({ shape }) => mx.zeros(shape));
  return { mean: zeros(), square: zeros() };
}

/** How Adam goes. */
export type AdamSettings = Pick<ResolvedConfig, "betas" | "epsilon" | "clip" | "decoder">;

export interface Updated {
  readonly parameters: Parameters;
  readonly moments: Moments;
}

/** @param step from 1 */
export function adamStep(
  { parameters, moments }: Updated,
  gradients: Parameters,
  { step, learningRate }: { readonly step: number; readonly learningRate: number },
  { betas, epsilon, clip, decoder }: AdamSettings,
): Updated {
  const unit = decoder === "unitNorm";
  const slopes = unit ? withoutLength(parameters, gradients) : gradients;
  const squares = mapArrays(slopes, (slope) => mx.square(slope));
  const factor = clip === null ? mx.array(1) : clipFactor(squares, clip);
  const [mean, square] = [{}, {}] as [Record<string, MxArray>, Record<string, MxArray>];
  const moved: Record<string, MxArray> = {};
  // numbers that do not depend on the place are multiplied with each other first: passes over the parameters are what costs
  const share = mx.multiply(factor, 1 - betas[0]);
  const shareOfSquare = mx.multiply(mx.square(factor), 1 - betas[1]);
  const root = Math.sqrt(1 - betas[1] ** step);
  const size = (learningRate * root) / (1 - betas[0] ** step);
  for (const [name, slope] of Object.entries(slopes)) {
    mean[name] = blend(moments.mean[name], betas[0], slope, share);
    square[name] = blend(moments.square[name], betas[1], squares[name], shareOfSquare);
    const scale = mx.add(mx.sqrt(square[name]), epsilon * root);
    const change = mx.multiply(mx.divide(mean[name], scale), size);
    moved[name] = mx.subtract(parameters[name], change);
  }
  if (unit) moved.decoder = ofNormOne(moved.decoder, float32Epsilon);
  return { parameters: moved, moments: { mean, square } };
}

const float32Epsilon = 2 ** -23;

function blend(old: MxArray, keep: number, now: MxArray, share: MxArray): MxArray {
  return mx.add(mx.multiply(old, keep), mx.multiply(now, share));
}

/** What would only make a decoder row longer or shorter is taken off its gradient. */
function withoutLength({ decoder }: Parameters, gradients: Parameters): Parameters {
  const rows = ofNormOne(decoder, 1e-6);
  const along = mx.sum(mx.multiply(gradients.decoder, rows), 1, true);
  return { ...gradients, decoder: mx.subtract(gradients.decoder, mx.multiply(along, rows)) };
}

function ofNormOne(rows: MxArray, epsilon: number): MxArray {
  return mx.divide(rows, mx.add(mx.sqrt(mx.sum(mx.square(rows), 1, true)), epsilon));
}

/** The norm of all gradients together. */
export function gradientNorm(gradients: Parameters): MxArray {
  return rootOfSums(mapArrays(gradients, (slope) => mx.square(slope)));
}

/** In the order of names: one that depends on where parameters came from would round otherwise after a checkpoint. */
function rootOfSums(squares: Parameters): MxArray {
  const names = Object.keys(squares).sort();
  const sums = names.map((name) => mx.sum(squares[name]));
  return mx.sqrt(sums.reduce((sum, one) => mx.add(sum, one)));
}

/** What all gradients are multiplied by, so that they are no longer than that together. */
function clipFactor(squares: Parameters, longest: number): MxArray {
  return mx.minimum(1, mx.divide(longest, mx.add(rootOfSums(squares), 1e-6)));
}

export function mapArrays(
  arrays: Parameters,
  change: (array: MxArray, name: string) => MxArray,
): Parameters {
  const entries = Object.entries(arrays);
  return Object.fromEntries(entries.map(([name, array]) => [name, change(array, name)]));
}
