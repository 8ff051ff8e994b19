/**
 * Training of dictionaries, from a store, from a model or from arrays.
 *
 * Every setting is data, and is kept with the result. With a folder, what was done is kept as well: ended at any point, the same call goes on
 * and comes to the same bits. Several dictionaries are trained from one stream in `trainDictionaries`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  checkFunction,
  checkList,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkRecord,
  checkSignal,
  evaluate,
  InvalidArgumentError,
  type MxArray,
  mx,
  withFile,
  writeFileAtomically,
} from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { NoTrainingDataError } from "../shared/errors.js";
import { checkSource } from "./check-source.js";
import { readCheckpoint, saveCheckpoint } from "./checkpoint.js";
import {
  type ResolvedConfig,
  resolveConfig,
  type TrainingConfig,
  trainingConfig,
} from "./config.js";
import { crosscoderOf, dictionaryOf, type TrainedPlace } from "./finish.js";
import { centredAt, initialParameters } from "./initialize.js";
import type { TrainingMetrics } from "./metrics.js";
import { objectiveOf } from "./objectives.js";
import type { Objective, TrainingBatch } from "./parameters.js";
import { resample } from "./resample.js";
import type { TrainingSource } from "./sources.js";
import {
  contextOf,
  deadFeatures,
  firstState,
  learningRateAt,
  type StepReport,
  type TrainingState,
  trainStep,
} from "./step.js";

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

/** One training on its way. */
interface Run {
  readonly config: ResolvedConfig;
  readonly objective: Objective;
  readonly folder: string | undefined;
  state: TrainingState;
  factor: number;
  metrics: TrainingMetrics[];
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

async function stepOne(
  run: Run,
  batch: TrainingBatch,
  { reportEvery = 50, checkpointEvery = 500 }: TrainingOptions,
): Promise<TrainingMetrics | undefined> {
  const { config } = run;
  const deadCount = Number(mx.sum(deadFeatures(run.state, config)).item());
  const step = run.state.step + 1;
  const last = step === config.steps;
  const { resampleEvery } = config;
  const resamples = resampleEvery > 0 && step % resampleEvery === 0 && !last;
  const wanted = { told: last || step % reportEvery === 0, reconstruction: resamples };
  const built = buildStep(run, batch, deadCount, wanted);
  run.state = built.state;
  await evaluate([...arraysOf(built.state), ...built.wanted]);
  const metrics = built.told && metricsOf(step, built.told, deadCount, config);
  if (metrics) run.metrics.push(metrics);
  if (built.reconstruction) {
    run.state = resample(run.state, scaledBatch(batch, run.factor), built.reconstruction, config);
    await evaluate(arraysOf(run.state));
  }
  if (run.folder && (last || step % checkpointEvery === 0)) {
    await saveCheckpoint(run.folder, run, config);
  }
  return metrics;
}

/** What is told of a step. */
type Told = Pick<StepReport, "loss" | "terms" | "count" | "explained">;

/** A step, of which only what is wanted is held: a handle on anything else would keep it in memory while the rest is computed. */
function buildStep(
  { state, config, objective, factor }: Run,
  batch: TrainingBatch,
  deadCount: number,
  wanted: { readonly told: boolean; readonly reconstruction: boolean },
): {
  readonly state: TrainingState;
  readonly wanted: readonly MxArray[];
  readonly told?: Told;
  readonly reconstruction?: MxArray;
} {
  const context = contextOf(state, config, deadCount);
  const next = trainStep(state, scaledBatch(batch, factor), objective, context, config);
  const { loss, terms, count, explained, losses } = next.report;
  const told = wanted.told ? { loss, terms, count, explained } : undefined;
  const reconstruction = wanted.reconstruction ? losses.reconstruction : undefined;
  const numbers = told ? [loss, ...Object.values(terms), count, explained] : [];
  const arrays = reconstruction ? [...numbers, reconstruction] : numbers;
  return { state: next.state, wanted: arrays, told, reconstruction };
}

function arraysOf({ parameters, moments, silent, threshold }: TrainingState): MxArray[] {
  const trees = [parameters, moments.mean, moments.square];
  return [...trees.flatMap((tree) => Object.values(tree)), silent, threshold];
}

function metricsOf(
  step: number,
  { loss, terms, count, explained }: Told,
  deadCount: number,
  config: ResolvedConfig,
): TrainingMetrics {
  const number = (array: MxArray) => Number(array.item());
  return {
    ...{ step, loss: number(loss), count: number(count), explained: number(explained) },
    terms: Object.fromEntries(Object.entries(terms).map(([name, term]) => [name, number(term)])),
    dead: deadCount / config.features,
    learningRate: learningRateAt(step - 1, config),
  };
}

function scaledBatch({ x, y }: TrainingBatch, factor: number): TrainingBatch {
  if (factor === 1) return { x, y };
  const scaled = mx.multiply(x, factor);
  return { x: scaled, y: x === y ? scaled : mx.multiply(y, factor) };
}

/** A training from its first batch. */
function begun(config: ResolvedConfig, folder: string | undefined, batch: TrainingBatch): Run {
  if (config.kind === "autoencoder" && batch.x.shape[1] !== batch.y.shape[1]) {
    const rule = "what is written is of another width than what is read; say { kind: transcoder }.";
    throw new InvalidArgumentError("config.kind", config.kind, rule);
  }
  const factor = config.normalize === "average" ? averageFactor(batch.x) : 1;
  const scaled = scaledBatch(batch, factor);
  const widths = { input: batch.x.shape[1], output: batch.y.shape[1] };
  const parameters = centredAt(initialParameters(config, widths), scaled, config);
  return { ...runOf(config, folder), state: firstState(parameters, config), factor, metrics: [] };
}

/** To a mean norm of the root of the width. */
function averageFactor(x: MxArray): number {
  const norm = Number(mx.mean(mx.sqrt(mx.sum(mx.square(x), 1))).item());
  return norm > 0 ? Math.sqrt(x.shape[1]) / norm : 1;
}

function continued(config: ResolvedConfig, folder: string | undefined): Run | undefined {
  if (folder === undefined) return undefined;
  withFile(folder, () => mkdirSync(folder, { recursive: true }));
  const progress = readCheckpoint(folder, config);
  if (!progress) {
    writeFileAtomically(join(folder, "training.json"), `${JSON.stringify(config, null, 2)}\n`);
    return undefined;
  }
  const { state, factor, metrics } = progress;
  return { ...runOf(config, folder), state, factor, metrics: [...metrics] };
}

function runOf(config: ResolvedConfig, folder: string | undefined) {
  return { config, objective: objectiveOf(config), folder };
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
