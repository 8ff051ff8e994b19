/**
 * Training of dictionaries, from a store, from a model or from arrays.
 *
 * Every setting is data, and is kept with the result. With a folder, what was done is kept as well: ended at any point, the same call goes on
 * and comes to the same bits. Several dictionaries are trained from one stream in `trainDictionaries`.
 */
import { join } from "node:path";
import {
  checkFunction,
  checkList,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkRecord,
  checkSignal,
  InvalidArgumentError,
} from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { NoTrainingDataError } from "../shared/errors.js";
import { checkSource } from "./check-source.js";
import {
  type ResolvedConfig,
  resolveConfig,
  type TrainingConfig,
  trainingConfig,
} from "./config.js";
import { crosscoderOf, dictionaryOf, type TrainedPlace } from "./finish.js";
import type { TrainingMetrics } from "./metrics.js";
import type { TrainingBatch } from "./parameters.js";
import { begun, continued, type Run, stepOne } from "./run.js";
import type { TrainingSource } from "./sources.js";

export interface TrainingOptions {
  /** Where checkpoints and settings are kept; default nowhere. One folder for each of several dictionaries, `0`, `1` … */
  readonly folder?: string;
  /** Steps between checkpoints; default 500. */
  readonly checkpointEvery?: number;
  /** Steps between reports; default 50. */
  readonly reportEvery?: number;
  /** What the dictionary says of where it belongs. */
  readonly place?: TrainedPlace;
  readonly onProgress?: (progress: {
    readonly dictionary: number;
    readonly metrics: TrainingMetrics;
  }) => void;
  /** Stops before the next step; the training then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A training that has come to its end. */
export interface Trained<D = Dictionary> {
  readonly dictionary: D;
  /** The settings, nothing left open. */
  readonly config: ResolvedConfig;
  /** One entry for every report. */
  readonly metrics: readonly TrainingMetrics[];
}

/**
 * Trains one dictionary.
 *
 * @throws NoTrainingDataError (`NO_TRAINING_DATA`) where the source has too few rows for all steps,
 * TrainingMismatchError (`TRAINING_MISMATCH`), InvalidArgumentError (`INVALID_ARGUMENT`), FileAccessError (`FILE_ACCESS`),
 * IncompleteWriteError (`INCOMPLETE_WRITE`); the signal's reason
 * @example
 * const rows = arraySource(mx.random.normal([512, 8]));
 * const settings = { architecture: "topK", features: 32, k: 4, steps: 5, batchSize: 64 } as const;
 * const { dictionary, metrics } = await trainDictionary(rows, settings);
 * dictionary.config.features; // 32
 */
export async function trainDictionary(
  source: TrainingSource,
  config: TrainingConfig,
  options: TrainingOptions = {},
): Promise<Trained> {
  const [run] = await runTrainings("trainDictionary", source, [config], options);
  return finished(run, options);
}

/**
 * Trains several dictionaries from one stream, which is gone through once.
 *
 * @throws as `trainDictionary`; InvalidArgumentError (`INVALID_ARGUMENT`) unless all have the same steps and batchSize
 * @example
 * const rows = arraySource(mx.random.normal([512, 8]));
 * const settings = { architecture: "topK", features: 16, steps: 5, batchSize: 64 } as const;
 * const both = await trainDictionaries(rows, [{ ...settings, k: 2 }, { ...settings, k: 4 }]);
 * both.length; // 2
 */
export async function trainDictionaries(
  source: TrainingSource,
  configs: readonly TrainingConfig[],
  options: TrainingOptions = {},
): Promise<Trained[]> {
  const runs = await runTrainings("trainDictionaries", source, configs, options);
  return runs.map((run) => finished(run, options));
}

/**
 * Trains a crosscoder on rows in which sources stand side by side, (rows, sources, width).
 *
 * @throws as `trainDictionary`
 * @example
 * const rows = arraySource(mx.random.normal([512, 2, 8]));
 * const settings = { architecture: "batchTopK", sources: 2, features: 32, k: 4, steps: 5, batchSize: 64 } as const;
 * (await trainCrosscoder(rows, settings)).dictionary.config.sources; // 2
 */
export async function trainCrosscoder(
  source: TrainingSource,
  config: TrainingConfig,
  options: TrainingOptions = {},
): Promise<Trained<Crosscoder>> {
  const [run] = await runTrainings("trainCrosscoder", source, [config], options);
  const { architecture, sources } = run.config;
  if (sources < 2 || !["standard", "batchTopK"].includes(architecture)) {
    const rule = "a crosscoder has two sources or more, and is standard or batchTopK.";
    throw new InvalidArgumentError("config", config, rule);
  }
  return {
    dictionary: crosscoderOf(run.state, run.config, run.factor),
    config: run.config,
    metrics: run.metrics,
  };
}

function finished(
  { state, config, factor, metrics }: Run,
  { place = {} }: TrainingOptions,
): Trained {
  return { dictionary: dictionaryOf(state, config, factor, place), config, metrics };
}

async function runTrainings(
  of: string,
  source: TrainingSource,
  given: readonly TrainingConfig[],
  options: TrainingOptions,
): Promise<Run[]> {
  checkTrainingOptions(of, options);
  checkSource("source", source);
  checkList("configs", given);
  const configs = given.map((config) => resolveConfig(parseOptions(of, trainingConfig, config)));
  const { steps, batchSize } = sharedSettings(configs);
  const known = configs.map((config, index) => continued(config, folderOf(options, index, given)));
  const first = Math.min(...known.map((run) => run?.state.step ?? 0));
  let runs = known.every((run) => run !== undefined) ? (known as Run[]) : undefined;
  let step = first;
  if (runs && step >= steps) return runs;
  for await (const batch of source.batches(batchSize, first)) {
    options.signal?.throwIfAborted();
    runs ??= known.map(
      (run, index) => run ?? begun(configs[index], folderOf(options, index, given), batch),
    );
    await stepAll(runs, batch, step, options);
    step++;
    if (step >= steps) return runs;
  }
  throw new NoTrainingDataError(source.name, batchSize, step);
}

async function stepAll(
  runs: readonly Run[],
  batch: TrainingBatch,
  step: number,
  options: TrainingOptions,
): Promise<void> {
  for (const [index, run] of runs.entries()) {
    if (run.state.step > step) continue; // its checkpoint was a later one
    const metrics = await stepOne(run, batch, options);
    if (metrics) options.onProgress?.({ dictionary: index, metrics });
  }
}

function folderOf(
  { folder }: TrainingOptions,
  index: number,
  all: readonly unknown[],
): string | undefined {
  return folder === undefined || all.length === 1 ? folder : join(folder, String(index));
}

function sharedSettings(configs: readonly ResolvedConfig[]): ResolvedConfig {
  const [first] = configs;
  if (!first) throw new InvalidArgumentError("configs", configs, "the list is empty.");
  const other = configs.find(
    ({ steps, batchSize }) => steps !== first.steps || batchSize !== first.batchSize,
  );
  if (!other) return first;
  throw new InvalidArgumentError("configs", configs, "all must have the same steps and batchSize.");
}

function checkTrainingOptions(of: string, options: TrainingOptions): void {
  checkOptions<TrainingOptions>(of, options, {
    folder: checkPath,
    checkpointEvery: checkPositiveInteger,
    reportEvery: checkPositiveInteger,
    place: checkRecord,
    onProgress: checkFunction,
    signal: checkSignal,
  });
}
