/** Where features are on most, over a dataset of any length, in memory that does not grow with it. */
import { type Dataset, type StreamOptions, streamActivations } from "@mlxterp/data";
import {
  checkList,
  checkOptions,
  checkPositiveInteger,
  checkText,
  checkWholeNumber,
  mx,
  toFlat,
  topK,
} from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { type DictionaryModel, piecesOf } from "../shared/model.js";
import { readSite } from "./sites.js";
import { featureNumber } from "./splice-dictionary.js";

export interface TopExamplesOptions
  extends Pick<StreamOptions, "positions" | "batchSize" | "signal" | "onProgress"> {
  /** Which features; default all of them. */
  readonly features?: readonly number[];
  /** How many examples of each; default 5. */
  readonly count?: number;
  /** How many tokens before and after are kept; default 8. */
  readonly context?: number;
  /** Where the dictionary reads, if not where its files say. */
  readonly site?: string;
}

/** A place where a feature is on. */
export interface FeatureExample {
  readonly activation: number;
  /** The number of the sequence in the dataset, and the position in it. */
  readonly sequence: number;
  readonly position: number;
  /** Tokens around it, and how much the feature is on at each. */
  readonly pieces: readonly string[];
  readonly activations: readonly number[];
  /** Which of them it is. */
  readonly at: number;
}

/** What a dataset says of one feature. */
export interface FeatureSummary {
  readonly feature: number;
  /** The share of tokens at which it is on. */
  readonly density: number;
  /** How much it is on where it is. */
  readonly mean: number;
  /** The largest first; one of each sequence. */
  readonly examples: readonly FeatureExample[];
}

/**
 * The places where features are on most.
 *
 * @throws as `streamActivations`
 * @example
 * const [summary] = await topExamples(model, loadDictionary("tiny"), stories, { features: [7], count: 2 });
 * summary.feature; // 7
 */
export async function topExamples(
  model: DictionaryModel,
  dictionary: Dictionary,
  dataset: Dataset,
  options: TopExamplesOptions = {},
): Promise<FeatureSummary[]> {
  checkDictionary("dictionary", dictionary);
  const { features: all } = dictionary.config;
  checkOptions<TopExamplesOptions>("topExamples", options, {
    ...{
      features: checkList,
      count: checkPositiveInteger,
      context: checkWholeNumber,
      site: checkText,
    },
    ...{ positions: true, batchSize: true, signal: true, onProgress: true },
  });
  const { count = 5, context = 8, features, site: given, ...stream } = options;
  const chosen = (features ?? Array.from({ length: all }, (_, at) => at)).map((one) =>
    featureNumber(one, all),
  );
  const site = readSite(model, dictionary.config, given);
  const tallies = chosen.map(() => ({ on: 0, sum: 0, examples: [] as FeatureExample[] }));
  let rows = 0;
  for await (const batch of streamActivations(model, dataset, { ...stream, save: site })) {
    if (batch.rows === 0) continue;
    rows += batch.rows;
    const columns = mx.array([...chosen], mx.int32);
    const values = mx.take(dictionary.encode(batch.activations[site]), columns, 1); // (rows, chosen)
    const found = readBatch(values, count);
    chosen.forEach((_, at) => {
      tallies[at].on += found.on[at];
      tallies[at].sum += found.sum[at];
      const own = found
        .places(at)
        .map(({ row, activation }) =>
          exampleAt(model, batch, found.column(at), { row, activation, context }),
        );
      tallies[at].examples = best([...tallies[at].examples, ...own], count);
    });
  }
  return chosen.map((feature, at) => {
    const { on, sum, examples } = tallies[at];
    return { feature, density: rows > 0 ? on / rows : 0, mean: on > 0 ? sum / on : 0, examples };
  });
}

/** What one batch says, on the host. @param values (rows, chosen) */
function readBatch(values: ReturnType<typeof mx.array>, count: number) {
  const [rows, chosen] = values.shape;
  const perFeature = mx.add(values.transpose(), mx.zeros([1])); // (chosen, rows), an array of its own
  const top = topK(perFeature, Math.min(4 * count, rows)); // several may lie in one sequence
  const [all, activations, places] = [perFeature, top.values, top.indices].map((array) =>
    toFlat(array),
  );
  const each = top.indices.shape[1];
  const on = new Float64Array(chosen);
  const sum = new Float64Array(chosen);
  for (let at = 0; at < chosen * rows; at++) {
    if (!(all[at] > 0)) continue;
    on[Math.floor(at / rows)]++;
    sum[Math.floor(at / rows)] += all[at];
  }
  return {
    ...{ on, sum },
    column: (at: number) => all.subarray(at * rows, (at + 1) * rows),
    places: (at: number) =>
      Array.from({ length: each }, (_, rank) => ({
        row: places[at * each + rank],
        activation: activations[at * each + rank],
      })).filter(({ activation }) => activation > 0),
  };
}

interface BatchFacts {
  readonly sequence: Int32Array;
  readonly position: Int32Array;
  readonly sequences: { readonly start: number };
  readonly tokens: readonly (readonly number[])[];
}

function exampleAt(
  model: DictionaryModel,
  batch: BatchFacts,
  column: ArrayLike<number>,
  {
    row,
    activation,
    context,
  }: { readonly row: number; readonly activation: number; readonly context: number },
): FeatureExample {
  const [sequence, position] = [batch.sequence[row], batch.position[row]];
  const ids = batch.tokens[sequence - batch.sequences.start];
  const from = Math.max(0, position - context);
  const to = Math.min(ids.length, position + context + 1);
  const activations = new Array<number>(to - from).fill(0); // where no row was chosen nothing is known
  for (let other = 0; other < batch.sequence.length; other++) {
    const place = batch.position[other];
    if (batch.sequence[other] === sequence && place >= from && place < to) {
      activations[place - from] = column[other];
    }
  }
  const pieces = piecesOf(model, ids.slice(from, to));
  return { activation, sequence, position, pieces, activations, at: position - from };
}

/** The largest of each sequence, the largest first. */
function best(examples: readonly FeatureExample[], count: number): FeatureExample[] {
  const bySequence = new Map<number, FeatureExample>();
  for (const example of examples) {
    const other = bySequence.get(example.sequence);
    if (!other || other.activation < example.activation) bySequence.set(example.sequence, example);
  }
  return [...bySequence.values()].sort((a, b) => b.activation - a.activation).slice(0, count);
}
