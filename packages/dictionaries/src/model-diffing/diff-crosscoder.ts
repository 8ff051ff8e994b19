/**
 * Model diffing by a crosscoder: which features belong to one of two models alone, and which of these really do.
 *
 * The norms of a feature's two decoder rows tell where it belongs. But a sparsity penalty shrinks the weaker row to nothing too readily, and
 * may split one feature into two, so what looks exclusive often is not. Latent scaling asks the other model's activations: by how much would
 * the feature, as the one model has it, have to be multiplied to explain best what the other's activations still hold once all other
 * features are taken off? Near 0 it is exclusive; near 1 the crosscoder only failed to write it.
 *
 * Chance stands beside it: the same with the feature's activations of other rows. Source: Lindsey et al. 2024, "Sparse Crosscoders"; latent
 * scaling: Minder et al. 2025, arXiv 2504.02922.
 */

import {
  checkArray,
  checkOptions,
  checkPositiveInteger,
  InvalidArgumentError,
  type MxArray,
  mx,
  release,
  toFlat,
} from "@mlxterp/mlx";
import { checkIterable } from "@mlxterp/results/errors";
import { checkCrosscoder } from "../crosscoder/check-crosscoder.js";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import { DictionaryShapeError, NoTrainingDataError } from "../shared/errors.js";
import { checkSource } from "../training/check-source.js";
import type { TrainingSource } from "../training/sources.js";

export interface DiffCrosscoderOptions {
  /** Rows that are looked at together; default 256. */
  readonly batchSize?: number;
  /** How many batches; default 16. */
  readonly batches?: number;
  /** A relative norm below this, or above one less this, is exclusive; default 0.1. */
  readonly exclusive?: number;
  /** One between this and one less this is shared; default 0.3. */
  readonly shared?: number;
}

export type FeaturePlace = "shared" | "first" | "second" | "between";

/** A feature of two models. */
export interface DiffedFeature {
  readonly feature: number;
  /** The norms of its decoder rows, and the second's share of both: 0 the first alone, 1 the second alone. */
  readonly norms: readonly [number, number];
  readonly relativeNorm: number;
  readonly place: FeaturePlace;
  /** The share of rows at which it is on. */
  readonly density: number;
  /** How large it is, by latent scaling, in the model with the shorter row as a share of the other; NaN where it is on nowhere. */
  readonly scaling: number;
  /** The same by chance. */
  readonly scalingByChance: number;
}

export interface CrosscoderDiff {
  readonly rows: number;
  readonly features: readonly DiffedFeature[];
  readonly counts: Readonly<Record<FeaturePlace, number>>;
  /** The size of scaling that 95 % of features stay below by chance. */
  readonly chance: number;
  /** Of the exclusive features that are on somewhere: those whose scaling is within chance, so that the other model has nothing of them. */
  readonly confirmed: readonly number[];
}

/**
 * Compares two models by a crosscoder of both.
 *
 * @param source rows in which the two stand side by side, as it was trained on
 * @throws DictionaryShapeError (`DICTIONARY_SHAPE`) for another number of sources, NoTrainingDataError (`NO_TRAINING_DATA`),
 * InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * const rows = arraySource(mx.random.normal([512, 2, 8]));
 * const settings = { architecture: "batchTopK", sources: 2, features: 32, k: 4, steps: 5, batchSize: 64 } as const;
 * const { dictionary } = await trainCrosscoder(rows, settings);
 * (await diffCrosscoder(dictionary, rows, { batchSize: 64, batches: 2 })).features.length; // 32
 */
export async function diffCrosscoder(
  crosscoder: Crosscoder,
  source: TrainingSource,
  options: DiffCrosscoderOptions = {},
): Promise<CrosscoderDiff> {
  const { batchSize = 256, batches = 16, exclusive = 0.1, shared = 0.3 } = checked(options);
  checkCrosscoder("crosscoder", crosscoder);
  checkSource("source", source);
  const { sources } = crosscoder.config;
  if (sources !== 2) throw new DictionaryShapeError("The crosscoder", [2, "…"], [sources]);
  const sums = emptySums(crosscoder.config.features);
  let seen = 0;
  const given = source.batches(batchSize, 0);
  checkIterable("source.batches", given);
  for await (const { x } of given) {
    addBatch(sums, crosscoder, x);
    await release();
    seen++;
    if (seen >= batches) break;
  }
  if (seen === 0) throw new NoTrainingDataError(source.name, batchSize, 0);
  return summary(crosscoder, sums, { rows: seen * batchSize, exclusive, shared });
}

function checked(options: DiffCrosscoderOptions): DiffCrosscoderOptions {
  checkOptions<DiffCrosscoderOptions>("diffCrosscoder", options, {
    ...{ batchSize: checkPositiveInteger, batches: checkPositiveInteger },
    ...{ exclusive: checkShare, shared: checkShare },
  });
  const { exclusive = 0.1, shared = 0.3 } = options;
  if (exclusive <= shared) return options;
  throw new InvalidArgumentError("exclusive", exclusive, `must not be above shared, ${shared}.`);
}

function checkShare(name: string, value: unknown): void {
  if (typeof value === "number" && value >= 0 && value <= 0.5) return;
  throw new InvalidArgumentError(name, value, "must be a number from 0 to 0.5.");
}

/** Sums over rows for each feature, with the row of the model where it is longer. */
interface Sums {
  readonly on: Float64Array;
  readonly square: Float64Array;
  /** Feature times what is left over along its direction, by model; and the same with features of other rows. */
  readonly left: readonly [Float64Array, Float64Array];
  readonly leftByChance: readonly [Float64Array, Float64Array];
}

function emptySums(features: number): Sums {
  const zeros = () => new Float64Array(features);
  return {
    on: zeros(),
    square: zeros(),
    left: [zeros(), zeros()],
    leftByChance: [zeros(), zeros()],
  };
}

/** Which model's row is longer: 1 where it is the second's, (features, 1). */
function longerSecond(crosscoder: Crosscoder): MxArray {
  const norms = crosscoder.decoderNorms();
  return mx.greater(norms.index(1), norms.index(0)).astype(mx.float32).reshape([norms.shape[1], 1]);
}

/** A feature's row in the model where it is longer, (features, width). */
function referenceRows(crosscoder: Crosscoder): MxArray {
  const { decoder } = crosscoder.weights;
  const second = longerSecond(crosscoder);
  const first = mx.multiply(decoder.index(0), mx.subtract(1, second));
  return mx.add(first, mx.multiply(decoder.index(1), second));
}

/** @param x (rows, 2 · width) */
function addBatch(sums: Sums, crosscoder: Crosscoder, x: MxArray): void {
  const { width, sources } = crosscoder.config;
  checkArray("source.batches: x", x);
  if (x.size !== x.shape[0] * sources * width) {
    throw new DictionaryShapeError("x", ["…", sources, width], x.shape);
  }
  const rows = x.reshape([x.shape[0], sources, width]);
  const features = crosscoder.encode(rows);
  const errors = mx.subtract(rows, crosscoder.decode(features));
  const half = Math.max(1, Math.floor(x.shape[0] / 2));
  const others = mx.concatenate(
    [features.index(mx.Slice(half)), features.index(mx.Slice(0, half))],
    0,
  );
  const reference = referenceRows(crosscoder).transpose();
  const add = (to: Float64Array, array: MxArray) => {
    toFlat(mx.sum(array, 0)).forEach((value, at) => {
      to[at] += value;
    });
  };
  add(sums.on, mx.greater(features, 0).astype(mx.float32));
  add(sums.square, mx.square(features));
  for (const model of [0, 1] as const) {
    const along = mx.matmul(errors.index(mx.Slice(), model), reference); // (rows, features)
    add(sums.left[model], mx.multiply(features, along));
    add(sums.leftByChance[model], mx.multiply(others, along));
  }
}

interface Limits {
  readonly rows: number;
  readonly exclusive: number;
  readonly shared: number;
}

function summary(crosscoder: Crosscoder, sums: Sums, limits: Limits): CrosscoderDiff {
  const scales = scalingOf(crosscoder, sums);
  const [first, second] = [0, 1].map((model) => toFlat(crosscoder.decoderNorms().index(model)));
  const features = Array.from(first, (norm, feature): DiffedFeature => {
    const relativeNorm = second[feature] / (norm + second[feature]);
    return {
      ...{ feature, relativeNorm, norms: [norm, second[feature]] as const },
      place: placeOf(relativeNorm, limits),
      density: sums.on[feature] / limits.rows,
      ...scales[feature],
    };
  });
  const chances = features.map(({ scalingByChance }) => Math.abs(scalingByChance));
  const known = chances.filter(Number.isFinite).sort((a, b) => a - b);
  const chance =
    known.length > 0
      ? known[Math.min(known.length - 1, Math.floor(0.95 * known.length))]
      : Number.NaN;
  const counts = { shared: 0, first: 0, second: 0, between: 0 };
  for (const { place } of features) counts[place]++;
  const alone = features.filter(({ place }) => place === "first" || place === "second");
  const confirmed = alone.filter(({ scaling }) => Math.abs(scaling) <= chance);
  return {
    rows: limits.rows,
    features,
    counts,
    chance,
    confirmed: confirmed.map(({ feature }) => feature),
  };
}

function placeOf(relativeNorm: number, { exclusive, shared }: Limits): FeaturePlace {
  if (relativeNorm <= exclusive) return "first";
  if (relativeNorm >= 1 - exclusive) return "second";
  return relativeNorm >= shared && relativeNorm <= 1 - shared ? "shared" : "between";
}

/**
 * β of a model = (its own row along the longer one) / |longer|² + Σ f (error · longer) / (Σ f² |longer|²): least squares for what is left once all
 * other features are taken off. The ratio is that of the model with the shorter row to the other.
 */
function scalingOf(
  crosscoder: Crosscoder,
  sums: Sums,
): { readonly scaling: number; readonly scalingByChance: number }[] {
  const { decoder } = crosscoder.weights;
  const reference = referenceRows(crosscoder);
  const squares = toFlat(mx.sum(mx.square(reference), 1));
  const own = [0, 1].map((model) =>
    toFlat(mx.sum(mx.multiply(decoder.index(model), reference), 1)),
  );
  const longer = toFlat(longerSecond(crosscoder));
  return Array.from(squares, (square, feature) => {
    const strength = sums.square[feature] * square;
    const beta = (model: number) =>
      own[model][feature] / square + sums.left[model as 0][feature] / strength;
    const [other, reference] = longer[feature] === 1 ? [0, 1] : [1, 0];
    const byChance = sums.leftByChance[other as 0][feature] / strength;
    return { scaling: beta(other) / beta(reference), scalingByChance: byChance / beta(reference) };
  });
}
