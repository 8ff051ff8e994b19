/**
 * Data of which the truth is known: sums of a few known directions, more than there are dimensions, some of which come together and some only
 * with a parent.
 *
 * Every number comes from one generator of 32 bits (mulberry32; normal numbers by Box and Muller), so that any language makes the same data.
 */

import { checkInteger, checkOptions, checkPositiveInteger } from "@mlxterp/mlx";
import { InvalidArgumentError } from "@mlxterp/results/errors";

export interface SyntheticOptions {
  /** How many samples; default 3000. */
  readonly samples?: number;
  /** How many directions; default 48. */
  readonly features?: number;
  /** Of how many numbers; default 24. */
  readonly width?: number;
  /** Default 1234. */
  readonly seed?: number;
}

/** Samples and the truth behind them; row by row. */
export interface SyntheticData {
  readonly samples: number;
  readonly features: number;
  readonly width: number;
  /** (samples, width) */
  readonly x: Float64Array;
  /** (samples, features): how much each direction is in each sample */
  readonly coefficients: Float64Array;
  /** (features, width), of norm 1 */
  readonly dictionary: Float64Array;
  /** (width): added to every sample */
  readonly bias: Float64Array;
  readonly meanMagnitudes: Float64Array;
  /** How often each would be on, were it not for its parent. */
  readonly probabilities: Float64Array;
}

/** Features of one group share this much of what decides whether they are on. */
const shared = 0.4;
const groupSize = 6;
const parents = 4;

/** Of one array, which is a gigabyte. */
const mostNumbers = 2 ** 27;

/**
 * Sparse data with correlated groups and a hierarchy: features 0 to 3 are parents of 8 and 9, 10 and 11, and so on.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * const { x } = syntheticData({ samples: 100 });
 * x.length; // 2400
 */
export function syntheticData(options: SyntheticOptions = {}): SyntheticData {
  checkOptions<SyntheticOptions>("syntheticData", options, {
    ...{ samples: checkPositiveInteger, features: checkPositiveInteger },
    ...{ width: checkPositiveInteger, seed: checkInteger },
  });
  const { samples = 3000, features = 48, width = 24, seed = 1234 } = options;
  const largest = Math.max(samples * features, samples * width, features * width);
  if (largest > mostNumbers) {
    const rule = `an array of ${largest} numbers would be made of ${samples} samples, ${features} features and width ${width}; at most ${mostNumbers} are.`;
    throw new InvalidArgumentError("samples", samples, rule);
  }
  const draw = generator(seed);
  const dictionary = new Float64Array(features * width);
  for (let row = 0; row < features; row++) {
    const own = dictionary.subarray(row * width, (row + 1) * width);
    for (let at = 0; at < width; at++) own[at] = draw.normal();
    const norm = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0));
    for (let at = 0; at < width; at++) own[at] /= norm;
  }
  const meanMagnitudes = Float64Array.from({ length: features }, () => 1 + 0.5 * draw.uniform());
  const probabilities = Float64Array.from(
    { length: features },
    (_, at) => 0.25 / Math.sqrt(1 + at),
  );
  const thresholds = probabilities.map((p) => normalQuantile(1 - p));
  const coefficients = new Float64Array(samples * features);
  for (let sample = 0; sample < samples; sample++) {
    const row = coefficients.subarray(sample * features, (sample + 1) * features);
    drawSample(row, thresholds, meanMagnitudes, draw);
  }
  const bias = Float64Array.from({ length: width }, () => 0.1 * draw.normal());
  const x = product(coefficients, dictionary, bias, { samples, features, width });
  return {
    samples,
    features,
    width,
    x,
    coefficients,
    dictionary,
    bias,
    meanMagnitudes,
    probabilities,
  };
}

function drawSample(
  row: Float64Array,
  thresholds: Float64Array,
  means: Float64Array,
  draw: ReturnType<typeof generator>,
): void {
  const groups = Array.from({ length: Math.ceil(row.length / groupSize) }, () => draw.normal());
  const over = Float64Array.from(row, (_, at) => {
    const z =
      Math.sqrt(shared) * groups[Math.floor(at / groupSize)] +
      Math.sqrt(1 - shared) * draw.normal();
    return z - thresholds[at];
  });
  const fires = Array.from(over, (value) => value > 0);
  for (let parent = 0; parent < parents; parent++) {
    const [first, second] = [8 + 2 * parent, 9 + 2 * parent];
    if (second >= row.length) continue;
    if (!fires[parent]) fires[first] = fires[second] = false;
    else if (fires[first] && fires[second]) {
      if (over[first] > over[second]) fires[second] = false;
      else fires[first] = false;
    }
  }
  for (let at = 0; at < row.length; at++) {
    const magnitude = Math.max(0, means[at] + 0.15 * draw.normal());
    row[at] = fires[at] ? magnitude : 0;
  }
}

function product(
  coefficients: Float64Array,
  dictionary: Float64Array,
  bias: Float64Array,
  {
    samples,
    features,
    width,
  }: { readonly samples: number; readonly features: number; readonly width: number },
): Float64Array {
  const x = new Float64Array(samples * width);
  for (let sample = 0; sample < samples; sample++) {
    for (let at = 0; at < width; at++) x[sample * width + at] = bias[at];
    for (let feature = 0; feature < features; feature++) {
      const amount = coefficients[sample * features + feature];
      if (amount === 0) continue;
      for (let at = 0; at < width; at++)
        x[sample * width + at] += amount * dictionary[feature * width + at];
    }
  }
  return x;
}

/** mulberry32, and normal numbers in pairs, the second of which is kept. */
export function generator(seed: number) {
  let state = seed >>> 0;
  let spare: number | undefined;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const normal = () => {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { uniform, normal };
}

/**
 * Below which a normal number is with this probability. Newton's iteration on the distribution, from Abramowitz & Stegun 26.2.23.
 */
export function normalQuantile(p: number): number {
  const tail = Math.min(p, 1 - p);
  const t = Math.sqrt(-2 * Math.log(tail));
  let z =
    t -
    (2.515517 + 0.802853 * t + 0.010328 * t * t) /
      (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t ** 3);
  for (let round = 0; round < 4; round++) {
    const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
    z += (upperTail(z) - tail) / density;
  }
  return p < 0.5 ? -z : z;
}

/** The probability of more than z ≥ 0: a series near zero, a continued fraction beyond. */
function upperTail(z: number): number {
  const density = Math.exp(-(z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 2.5) {
    let [term, sum] = [z, z];
    for (let n = 1; n < 80; n++) {
      term *= (z * z) / (2 * n + 1);
      sum += term;
    }
    return 0.5 - density * sum;
  }
  let fraction = z;
  for (let n = 60; n > 0; n--) fraction = z + n / fraction;
  return density / fraction;
}
