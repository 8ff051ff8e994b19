/** What the measures of a dictionary are, each with its definition. */
import { checkPositiveInteger, InvalidArgumentError } from "@mlxterp/mlx";
import type { Tally } from "./tallies.js";

/** How a dictionary rebuilds what it is to write; sums and means are over the tokens that count. */
export interface ReconstructionMeasures {
  readonly tokens: number;
  /** How many features are on at a token: the mean count of those above zero. */
  readonly l0: number;
  /** The mean over tokens of the sum of features. */
  readonly l1: number;
  /** The mean over tokens of the squared length of the error. */
  readonly mse: number;
  /** 1 − Σ|error|² / Σ|x − mean x|², over all tokens together. */
  readonly explained: number;
  /** The mean over tokens of 1 − |error|² / |x − mean x|², with the mean of each batch: SAELens' `explained_variance_legacy`. */
  readonly explainedPerToken: number;
  /**
   * What SAELens 6 prints as `explained_variance`, which takes the square of the mean of x² over tokens and dimensions off instead of
   * that of the mean of x: not comparable with the others, and here to compare with published numbers.
   */
  readonly explainedAsSaelens: number;
  /** The mean cosine of what is to be written and what is. */
  readonly cosine: number;
  /** The mean ratio of their lengths. */
  readonly lengthRatio: number;
  /** Mean |y|² over mean x·y: 1 where no scale would bring it nearer. */
  readonly bias: number;
  /** The share of features that were on nowhere, and of those that were on at more than a tenth of tokens. */
  readonly dead: number;
  readonly dense: number;
  /** The share of tokens at which each feature is on. */
  readonly density: Float64Array;
}

/** What the rest of the model makes of it, in nats: losses of tokens that have a next one, divergences of all. */
export interface BehaviourMeasures {
  /** The mean loss of the next token with the model's own activations, with the dictionary's, and with zeros everywhere. */
  readonly lossClean: number;
  readonly lossReplaced: number;
  readonly lossZero: number;
  /** (zero − replaced) / (zero − clean): 1 where nothing is lost. */
  readonly lossRecovered: number;
  /** The mean divergence of the model's own distribution from the changed one. */
  readonly divergence: number;
  readonly divergenceZero: number;
  /** 1 − divergence / divergenceZero. */
  readonly divergenceRecovered: number;
}

const denseAbove = 0.1;
const mostBins = 10_000;

export function reconstructionOf(tally: Tally): ReconstructionMeasures {
  const { tokens, error, norm, on } = tally;
  const meanSquared = tally.mean.reduce((sum, value) => sum + (value / tokens) ** 2, 0);
  const perDimension = norm / tokens / tally.mean.length;
  const density = on.map((count) => count / tokens);
  const share = (test: (value: number) => boolean) => density.filter(test).length / density.length;
  return {
    ...{ tokens, density, l0: tally.count / tokens, l1: tally.size / tokens, mse: error / tokens },
    explained: 1 - error / (norm - tokens * meanSquared),
    explainedPerToken: tally.legacy / tokens,
    explainedAsSaelens: 1 - error / tokens / (norm / tokens - perDimension ** 2),
    ...{ cosine: tally.cosine / tokens, lengthRatio: tally.ratio / tokens },
    bias: tally.output / tally.product,
    dead: share((value) => value === 0),
    dense: share((value) => value > denseAbove),
  };
}

/**
 * How often features are on, as counts in equal bins of the logarithm of their density; those that are on nowhere are left out.
 *
 * @param bins from 10⁻⁴ to 1
 * @example
 * densityHistogram(Float64Array.of(0, 0.5, 0.001), 4).counts; // [0, 1, 0, 1]
 */
export function densityHistogram(
  density: Float64Array,
  bins = 30,
): { readonly edges: number[]; readonly counts: number[] } {
  if (!isNumbers(density)) {
    throw new InvalidArgumentError("density", density, "must be numbers, one for each feature.");
  }
  checkPositiveInteger("bins", bins);
  if (bins > mostBins) throw new InvalidArgumentError("bins", bins, `at most ${mostBins}.`);
  const lowest = -4;
  const edges = Array.from({ length: bins + 1 }, (_, at) => lowest - (lowest * at) / bins);
  const counts = new Array<number>(bins).fill(0);
  for (const value of density) {
    const place = ((Math.log10(value) - lowest) / -lowest) * bins;
    if (place >= 0 && value > 0) counts[Math.min(bins - 1, Math.floor(place))]++;
  }
  return { edges, counts };
}

function isNumbers(value: unknown): boolean {
  const isList =
    Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
  return isList && Array.from(value as ArrayLike<unknown>).every((one) => typeof one === "number");
}
