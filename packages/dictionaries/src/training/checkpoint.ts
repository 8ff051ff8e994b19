/** What a training leaves on the disk: one file that is whole or not there, from which it goes on to the same bits. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CorruptFileError, type MxArray, mx, readTensors, writeTensors } from "@mlxterp/mlx";
import { z } from "zod";
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

/** JSON has no word for what is no number. */
const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? Number.NaN);

const metricsSchema = z.array(
  z.strictObject({
    ...{ step: z.int(), loss: measured, count: measured, explained: measured },
    ...{ terms: z.record(z.string(), measured), dead: measured, learningRate: measured },
  }),
);

/**
 * @returns undefined where there is none
 * @throws TrainingMismatchError (`TRAINING_MISMATCH`) for one of another training, CorruptFileError (`CORRUPT_FILE`)
 */
export function readCheckpoint(folder: string, config: ResolvedConfig): Progress | undefined {
  const file = join(folder, fileName);
  if (!existsSync(file)) return undefined;
  const { tensors, metadata } = readTensors(file);
  checkSame(file, noteOf(file, metadata, "config", z.record(z.string(), z.unknown())), config);
  const named = (prefix: string): Parameters => {
    const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
    return Object.fromEntries(own.map(([name, array]) => [name.slice(prefix.length), array]));
  };
  const parameters = named("parameters.");
  const moments = { mean: named("mean."), square: named("square.") };
  const { silent, threshold } = tensors;
  const trees = [parameters, moments.mean, moments.square];
  for (const name of new Set(trees.flatMap((tree) => Object.keys(tree)))) {
    const shape = trees.find((tree) => tree[name])?.[name].shape ?? [];
    for (const tree of trees) requireShape(file, name, tree[name], shape);
  }
  requireShape(file, "silent", silent, [config.features * config.layers]);
  requireShape(file, "threshold", threshold, [1]);
  return {
    state: {
      ...{ parameters, moments, silent, threshold: threshold.reshape([]) },
      step: noteOf(file, metadata, "step", z.int().min(1).max(config.steps)),
    },
    factor: noteOf(file, metadata, "factor", z.number().positive()),
    metrics: noteOf(file, metadata, "metrics", metricsSchema),
  };
}

function requireShape(
  file: string,
  name: string,
  array: MxArray | undefined,
  shape: readonly number[],
): void {
  if (array?.dtype === mx.float32 && array.shape.join() === shape.join()) return;
  throw new CorruptFileError(file, `it lacks the state of "${name}", as it is trained`);
}

/** A note in JSON. */
function noteOf<T extends z.ZodType>(
  file: string,
  metadata: Readonly<Record<string, string>>,
  name: string,
  schema: T,
): z.output<T> {
  const parsed = schema.safeParse(jsonOf(metadata[name]));
  if (parsed.success) return parsed.data;
  throw new CorruptFileError(file, `its ${name} is none: ${z.prettifyError(parsed.error)}`);
}

function jsonOf(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return undefined; // which no schema takes
  }
}

function checkSame(
  file: string,
  stored: Readonly<Record<string, unknown>>,
  config: ResolvedConfig,
): void {
  for (const [name, value] of Object.entries(config)) {
    if (JSON.stringify(stored[name]) === JSON.stringify(value)) continue;
    throw new TrainingMismatchError(file, name, stored[name], value);
  }
}
