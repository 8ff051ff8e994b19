/** Adds Gaussian noise that is the same in every run. */
import type { Intervention, SiteContext } from "@mlxterp/core";
import {
  checkFinite,
  checkOptions,
  checkWholeNumber,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import { keepDtype, requireFloating } from "./dtypes.js";
import { specify } from "./specification.js";

/** Options of `noise`. */
export interface NoiseOptions {
  /** The standard deviation, in the activation's own unit; at least 0. */
  readonly std: number;
  /** Which noise; an integer, at least 0. 0 by default. */
  readonly seed?: number;
}

/**
 * Adds independent Gaussian noise of mean 0 to every element, as causal tracing does to embeddings (Meng et al. 2022).
 *
 * The noise is a function of the seed, the site, the call of the module, the generation step and the shape, and of
 * nothing else: runs repeat exactly, two sites get independent noise, and every dtype gets the same noise, rounded.
 * So two batches of one shape get the same noise: give each a seed of its own to average over noise, and compose
 * two with different seeds. A prompt in a batch gets other noise than the same prompt alone.
 *
 * @returns an intervention for a floating-point site of any shape
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a negative or infinite `std` or a negative seed;
 *   ValueDtypeError (`VALUE_DTYPE`) at a site of integers
 * @example
 * await model.run(prompt, { interventions: { embedTokens: atPositions([1, 2], noise({ std: 0.3, seed: 7 })) } });
 */
export function noise(options: NoiseOptions): Intervention {
  checkOptions<NoiseOptions>("noise", options, { std: checkFinite, seed: checkWholeNumber });
  const { std, seed } = options;
  if (checkFinite("std", std) < 0) {
    throw new InvalidArgumentError("std", std, `must not be negative, but is ${std}.`);
  }
  return specify(
    "noise",
    (x, site) => {
      requireFloating("noise", site.site, x.dtype);
      const key = noiseKey(seed ?? 0, site);
      // A scale or dtype given to `normal` itself would cost three times as much
      const standard = mx.random.normal(x.shape, mx.float32, 0, 1, key);
      return mx.add(x, keepDtype(x, mx.multiply(standard, std)));
    },
    () => ({ type: "noise", std, ...(seed !== undefined && { seed }) }),
  );
}

/** (2) uint32: the state of MLX's generator for one seed and place. */
function noiseKey(seed: number, { site, call, step }: SiteContext): MxArray {
  let hash = 0x811c9dc5; // FNV-1a
  for (let index = 0; index < site.length; index++) {
    hash = Math.imul(hash ^ site.charCodeAt(index), 0x01000193);
  }
  hash = mix(hash, call);
  hash = mix(hash, step ?? 0); // the prompt's pass in generation equals a plain run
  hash = mix(hash, Math.floor(seed / 2 ** 32));
  return mx.array([hash >>> 0, seed >>> 0], mx.uint32);
}

/** A round of MurmurHash3, so that neighbouring calls and steps share no bits. */
function mix(hash: number, value: number): number {
  const block = Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(hash ^ block, 13), 5) + 0xe6546b64) | 0;
}

function rotate(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
