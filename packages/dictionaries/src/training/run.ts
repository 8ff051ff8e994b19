/** One training on its way: begun from its first batch or continued from its folder, and stepped. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import {
  checkArray,
  evaluate,
  InvalidArgumentError,
  type MxArray,
  mx,
  withFile,
  writeFileAtomically,
} from "@mlxterp/mlx";
import { readCheckpoint, saveCheckpoint } from "./checkpoint.js";
import type { ResolvedConfig } from "./config.js";
import { centredAt, initialParameters } from "./initialize.js";
import type { TrainingMetrics } from "./metrics.js";
import { objectiveOf } from "./objectives.js";
import type { Objective, TrainingBatch } from "./parameters.js";
import { resample } from "./resample.js";
import {
  contextOf,
  deadFeatures,
  firstState,
  learningRateAt,
  type StepReport,
  type TrainingState,
  trainStep,
} from "./step.js";

/** One training on its way. */
export interface Run {
  readonly config: ResolvedConfig;
  readonly objective: Objective;
  readonly folder: string | undefined;
  state: TrainingState;
  factor: number;
  metrics: TrainingMetrics[];
}

/** After how many steps something is told, and kept. */
interface Rhythm {
  readonly reportEvery?: number;
  readonly checkpointEvery?: number;
}

/** A training from its first batch. */
export function begun(
  config: ResolvedConfig,
  folder: string | undefined,
  batch: TrainingBatch,
): Run {
  for (const side of ["x", "y"] as const) checkArray(`source.batches: ${side}`, batch?.[side]);
  if (config.kind === "autoencoder" && batch.x.shape[1] !== batch.y.shape[1]) {
    const rule = "what is written is of another width than what is read; say { kind: transcoder }.";
    throw new InvalidArgumentError("config.kind", config.kind, rule);
  }
  for (const { shape } of [batch.x, batch.y]) {
    for (const name of ["layers", "sources"] as const) {
      if (shape[1] % config[name] === 0) continue;
      const rule = `rows of ${shape[1]} numbers do not fall into so many ${name} of one width.`;
      throw new InvalidArgumentError(`config.${name}`, config[name], rule);
    }
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

/** A training as its folder has it; nothing where it has none, and the settings are written. */
export function continued(config: ResolvedConfig, folder: string | undefined): Run | undefined {
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

/** The next step on a batch, and what is told of it where something is. */
export async function stepOne(
  run: Run,
  batch: TrainingBatch,
  { reportEvery = 50, checkpointEvery = 500 }: Rhythm,
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
    dead: deadCount / (config.features * config.layers),
    learningRate: learningRateAt(step - 1, config),
  };
}

function scaledBatch({ x, y }: TrainingBatch, factor: number): TrainingBatch {
  if (factor === 1) return { x, y };
  const scaled = mx.multiply(x, factor);
  return { x: scaled, y: x === y ? scaled : mx.multiply(y, factor) };
}
