/** Random weights from a seed, for training a decoder from scratch. */

import {
  checkFinite,
  checkList,
  checkModule,
  checkOptions,
  checkWholeNumber,
  listParameters,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { setParameters } from "../parameters.js";
import type { Decoder } from "./decoder.js";

export interface InitializeOptions {
  /** The same seed gives the same weights. Default: 0. */
  readonly seed?: number;
  /** Standard deviation of embeddings and projections. Default: 0.02. */
  readonly deviation?: number;
}

/**
 * Fills a decoder with random weights as GPT-2 does: normal, with projections onto the residual stream
 * divided by √(2 · layers); biases 0, norms 1.
 * Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3.
 *
 * @returns the same decoder
 * @example
 * const decoder = initializeWeights(new Decoder(config), { seed: 7 });
 */
export function initializeWeights(decoder: Decoder, options: InitializeOptions = {}): Decoder {
  checkOptions<InitializeOptions>("initializeWeights", options, {
    seed: checkWholeNumber,
    deviation: checkFinite,
  });
  checkModule("decoder", decoder);
  checkList("decoder.layers", decoder.layers);
  const { seed = 0, deviation = 0.02 } = options;
  const residual = deviation / Math.sqrt(2 * decoder.layers.length);
  const keys = keySequence(seed);
  // A decoder's norms store their weights all in one way.
  const { finalNorm, layers } = decoder;
  const neutral = (finalNorm ?? layers[0].postAttentionNorm)?.unitOffset ? 0 : 1;
  const fill = (path: string, { shape }: MxArray): MxArray => {
    if (/norm\.weight$/i.test(path)) return mx.full(shape, neutral);
    if (shape.length < 2) return mx.zeros(shape);
    const scale = /(oProj|downProj)\.weight$/.test(path) ? residual : deviation;
    return mx.random.normal(shape, mx.float32, 0, scale, keys());
  };
  const arrays = [...listParameters(decoder)].map(
    ([path, array]) => [path, fill(path, array)] as const,
  );
  setParameters(decoder, arrays);
  return decoder;
}

/** Independent random keys, one after the other, all from one seed. */
export function keySequence(seed: number): () => MxArray {
  let state = mx.random.key(seed);
  return () => {
    const [next, own] = mx.random.split(state);
    state = next;
    return own;
  };
}
