/** What a training leaves on the disk: one file that is whole or not there, from which it goes on to the same bits. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type MxArray, readTensors, writeTensors } from "@mlxterp/mlx";
import { TrainingMismatchError } from "../shared/errors.js";
import type { ResolvedConfig } from "./config.js";
import type { TrainingMetrics } from "./metrics.js";
import type { Parameters } from "./parameters.js";
import type { TrainingState } from "./step.js";

const fileName = "checkpoint.safetensors";

/** A training as far as it has come. */
export interface Progress {
  readonly state: TrainingState;
  /** What activations are multiplied by. */
  readonly factor: number;
  readonly metrics: readonly TrainingMetrics[];
}

export async function saveCheckpoint(
  folder: string,
  { state, factor, metrics }: Progress,
  config: ResolvedConfig,
): Promise<void> {
  const { parameters, moments, silent, threshold, step } = state;
  const arrays: Record<string, MxArray> = { silent, threshold: threshold.reshape([1]) };
  for (const name of Object.keys(parameters)) {
    arrays[`parameters.${name}`] = parameters[name];
    arrays[`mean.${name}`] = moments.mean[name];
    arrays[`square.${name}`] = moments.square[name];
  }
  const notes = { step: String(step), factor: String(factor), metrics: JSON.stringify(metrics) };
  await writeTensors(join(folder, fileName), arrays, { ...notes, config: JSON.stringify(config) });
}

/**
 * @returns undefined where there is none
 * @throws TrainingMismatchError (`TRAINING_MISMATCH`) for one of another training
 */
export function readCheckpoint(folder: string, config: ResolvedConfig): Progress | undefined {
  const file = join(folder, fileName);
  if (!existsSync(file)) return undefined;
  const { tensors, metadata } = readTensors(file);
  checkSame(file, JSON.parse(metadata.config), config);
  const named = (prefix: string): Parameters => {
    const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(own.map(([name, array]) => [name.slice(prefix.length), array]));
  };
  const state: TrainingState = {
    step: Number(metadata.step),
    parameters: named("parameters."),
    moments: { mean: named("mean."), square: named("square.") },
    silent: tensors.silent,
    threshold: tensors.threshold.reshape([]),
  };
  return { state, factor: Number(metadata.factor), metrics: JSON.parse(metadata.metrics) };
}

function checkSame(file: string, stored: Record<string, unknown>, config: ResolvedConfig): void {
  for (const [name, value] of Object.entries(config)) {
    if (JSON.stringify(stored[name]) === JSON.stringify(value)) continue;
    throw new TrainingMismatchError(file, name, stored[name], value);
  }
}
