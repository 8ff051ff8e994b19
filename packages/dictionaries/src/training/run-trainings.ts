/** Several trainings over one stream: each begun from the first batch or continued from its folder, and stepped side by side. */
import { join } from "node:path";
import {
  checkFunction,
  checkIterable,
  checkList,
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkRecord,
  checkSignal,
  InvalidArgumentError,
} from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import { NoTrainingDataError } from "../shared/errors.js";
import { checkConfig } from "./check-config.js";
import { checkSource } from "./check-source.js";
import {
  type ResolvedConfig,
  resolveConfig,
  type TrainingConfig,
  trainingConfig,
} from "./config.js";
import type { TrainedPlace } from "./finish.js";
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

/** @param of the function that trains, for messages */
export async function runTrainings(
  of: string,
  source: TrainingSource,
  given: readonly TrainingConfig[],
  options: TrainingOptions,
): Promise<Run[]> {
  checkTrainingOptions(of, options);
  checkSource("source", source);
  checkList("configs", given);
  const configs = given.map((config) => resolveConfig(parseOptions(of, trainingConfig, config)));
  for (const config of configs) checkConfig(of, config);
  const { steps, batchSize } = sharedSettings(configs);
  const known = configs.map((config, index) => continued(config, folderOf(options, index, given)));
  const first = Math.min(...known.map((run) => run?.state.step ?? 0));
  let runs = known.every((run) => run !== undefined) ? (known as Run[]) : undefined;
  let step = first;
  if (runs && step >= steps) return runs;
  const batches = source.batches(batchSize, first);
  checkIterable("source.batches", batches);
  for await (const batch of batches) {
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

/** What options must be, without `place`. */
export const trainingRules = {
  folder: checkPath,
  checkpointEvery: checkPositiveInteger,
  reportEvery: checkPositiveInteger,
  onProgress: checkFunction,
  signal: checkSignal,
} as const;

function checkTrainingOptions(of: string, options: TrainingOptions): void {
  checkOptions<TrainingOptions>(of, options, { ...trainingRules, place: checkRecord });
}
