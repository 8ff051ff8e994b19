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
  const projected = unit ? withoutLength(parameters, gradients) : gradients;
  const slopes = clip === null ? projected : clipped(projected, clip);
  const [mean, square] = [{}, {}] as [Record<string, MxArray>, Record<string, MxArray>];
  const moved: Record<string, MxArray> = {};
  const size = learningRate / (1 - betas[0] ** step);
  const root = Math.sqrt(1 - betas[1] ** step);
  for (const [name, slope] of Object.entries(slopes)) {
    mean[name] = blend(moments.mean[name], slope, betas[0]);
    square[name] = blend(moments.square[name], mx.square(slope), betas[1]);
    const scale = mx.add(mx.divide(mx.sqrt(square[name]), root), epsilon);
    const change = mx.divide(mx.multiply(mean[name], size), scale);
    moved[name] = mx.subtract(parameters[name], change);
  }
  if (unit) moved.decoder = ofNormOne(moved.decoder, float32Epsilon);
  return { parameters: moved, moments: { mean, square } };
}

const float32Epsilon = 2 ** -23;

function blend(old: MxArray, now: MxArray, keep: number): MxArray {
  return mx.add(mx.multiply(old, keep), mx.multiply(now, 1 - keep));
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
  const sums = Object.values(gradients).map((slope) => mx.sum(mx.square(slope)));
  return mx.sqrt(sums.reduce((sum, one) => mx.add(sum, one)));
}

function clipped(gradients: Parameters, longest: number): Parameters {
  const factor = mx.minimum(1, mx.divide(longest, mx.add(gradientNorm(gradients), 1e-6)));
  return mapArrays(gradients, (slope) => mx.multiply(slope, factor));
}

export function mapArrays(
  arrays: Parameters,
  change: (array: MxArray, name: string) => MxArray,
): Parameters {
  const entries = Object.entries(arrays);
  return Object.fromEntries(entries.map(([name, array]) => [name, change(array, name)]));
}
