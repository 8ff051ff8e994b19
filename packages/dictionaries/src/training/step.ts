/** One step of a training, from a state to the next. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ResolvedConfig } from "./config.js";
import { adamStep, gradientNorm, type Moments, zeroMoments } from "./optimizer.js";
import type {
  Differentiated,
  Losses,
  Objective,
  Parameters,
  StepContext,
  TrainingBatch,
} from "./parameters.js";

/** All that a training carries from step to step. */
export interface TrainingState {
  /** Steps that are done. */
  readonly step: number;
  readonly parameters: Parameters;
  readonly moments: Moments;
  /** Steps since each feature was on, (features). */
  readonly silent: MxArray;
  /** Of batchTopK and matryoshka: what is on at inference; of topK by dictionary_learning too. −1: not known yet. */
  readonly threshold: MxArray;
}

export function firstState(parameters: Parameters, config: ResolvedConfig): TrainingState {
  return {
    ...{ step: 0, parameters, moments: zeroMoments(parameters) },
    silent: mx.zeros([config.features * config.layers]),
    threshold: mx.array(config.recipe === "saelens" ? 0 : -1),
  };
}

/** What a step says of itself; lazy. */
export interface StepReport {
  readonly loss: MxArray;
  readonly terms: Readonly<Record<string, MxArray>>;
  /** How many features are on in a row, on average. */
  readonly count: MxArray;
  /** The share of the variance of the target that is explained, in this batch. */
  readonly explained: MxArray;
  readonly gradientNorm: MxArray;
  readonly gradients: Parameters;
  readonly losses: Losses;
}

export function contextOf(
  state: TrainingState,
  config: ResolvedConfig,
  deadCount: number,
): StepContext {
  const { step } = state;
  const share = config.sparsityWarmup > 0 ? Math.min(1, step / config.sparsityWarmup) : 1;
  const progress = config.steps > 1 ? step / (config.steps - 1) : 0;
  return {
    dead: deadFeatures(state, config),
    deadCount,
    sparsity: config.sparsity * share,
    power: 1 + (config.finalPower - 1) * progress,
  };
}

/** 1 where a feature has been silent for too long. */
export function deadFeatures({ silent }: TrainingState, { deadAfter }: ResolvedConfig): MxArray {
  return mx.greater(silent, deadAfter).astype(mx.float32);
}

/** The learning rate of a step, from 0. */
export function learningRateAt(step: number, config: ResolvedConfig): number {
  const { learningRate, warmup, decay, steps } = config;
  const rise = warmup > 0 ? Math.min(1, (step + 1) / warmup) : 1;
  const fall = decay > 0 ? Math.min(1, (steps - step) / decay) : 1;
  return learningRate * Math.min(rise, fall);
}

/** Builds a step; nothing is computed yet. */
export function trainStep(
  state: TrainingState,
  batch: TrainingBatch,
  objective: Objective,
  context: StepContext,
  config: ResolvedConfig,
): { readonly state: TrainingState; readonly report: StepReport } {
  const { losses, gradients } = differentiate(state.parameters, batch, objective, context);
  const place = { step: state.step + 1, learningRate: learningRateAt(state.step, config) };
  const updated = adamStep(state, gradients, place, config);
  const on = mx.greater(losses.features, 0);
  const silent = mx.where(mx.any(on, 0), mx.array(0), mx.add(state.silent, 1));
  const next: TrainingState = {
    ...{ step: place.step, ...updated, silent },
    threshold: nextThreshold(state, losses, config),
  };
  const { loss, terms, reconstruction } = losses;
  const report: StepReport = {
    ...{ loss, terms, gradients, losses, gradientNorm: gradientNorm(gradients) },
    count: mx.divide(mx.sum(on.astype(mx.float32)), on.shape[0]),
    explained: explainedIn(batch.y, reconstruction),
  };
  return { state: next, report };
}

function explainedIn(y: MxArray, reconstruction: MxArray): MxArray {
  const centred = mx.subtract(y, mx.mean(y, 0, true));
  const left = mx.sum(mx.square(mx.subtract(y, reconstruction)));
  return mx.subtract(1, mx.divide(left, mx.sum(mx.square(centred))));
}

/** The losses of a batch and their gradients. Losses that are only looked at carry none. */
export function differentiate(
  parameters: Parameters,
  batch: TrainingBatch,
  objective: Objective,
  context: StepContext,
): Differentiated {
  return (
    objective.byHand?.(parameters, batch, context) ??
    differentiated(parameters, batch, objective, context)
  );
}

/** By automatic differentiation. */
export function differentiated(
  parameters: Parameters,
  batch: TrainingBatch,
  objective: Objective,
  context: StepContext,
): Differentiated {
  const names = Object.keys(parameters);
  let termNames: string[] = [];
  const f = (...arrays: MxArray[]): MxArray[] => {
    const named = Object.fromEntries(names.map((name, index) => [name, arrays[index]]));
    const { loss, terms, features, reconstruction, chosen } = objective(named, batch, context);
    termNames = Object.keys(terms);
    const seen = [features, reconstruction, chosen ?? features, ...Object.values(terms)];
    return [loss, ...seen.map((array) => mx.stopGradient(array))];
  };
  const primals = names.map((name) => parameters[name]);
  const shapes = shapesOf(f, primals);
  const [outputs, slopes] = mx.vjp(f, primals, [
    mx.array(1),
    ...shapes.map((shape) => mx.zeros(shape)),
  ]);
  const [loss, features, reconstruction, chosen, ...terms] = outputs;
  return {
    losses: {
      ...{ loss, features, reconstruction, chosen },
      terms: Object.fromEntries(termNames.map((name, index) => [name, terms[index]])),
    },
    gradients: Object.fromEntries(names.map((name, index) => [name, slopes[index]])),
  };
}

/** Building the graph once more costs no computation. */
function shapesOf(f: (...arrays: MxArray[]) => MxArray[], primals: readonly MxArray[]): number[][] {
  return f(...primals)
    .slice(1)
    .map(({ shape }) => shape);
}

/** The one threshold of those that take the largest, which follows the smallest feature that was on. */
function nextThreshold(
  { threshold, step }: TrainingState,
  { features, chosen = features }: Losses,
  { architecture, recipe, thresholdRate, thresholdStart }: ResolvedConfig,
): MxArray {
  const saelens = recipe === "saelens";
  const follows = architecture !== "topK" || !saelens;
  const largest = ["topK", "batchTopK", "matryoshka"].includes(architecture);
  if (!largest || !follows || step + 1 <= thresholdStart) return threshold;
  const on = mx.greater(chosen, 0);
  const sizes = mx.where(on, chosen, Number.POSITIVE_INFINITY);
  const lowest = architecture === "topK" ? meanOfRows(sizes) : mx.min(sizes);
  const moved = mx.add(
    mx.multiply(threshold, 1 - thresholdRate),
    mx.multiply(lowest, thresholdRate),
  );
  const next = saelens ? moved : mx.where(mx.less(threshold, 0), lowest, moved);
  return mx.where(mx.any(on), next, threshold);
}

/** The mean over rows of the smallest feature that is on; rows without one count nothing. */
function meanOfRows(sizes: MxArray): MxArray {
  const lowest = mx.min(sizes, 1);
  const there = mx.less(lowest, Number.POSITIVE_INFINITY).astype(mx.float32);
  const sum = mx.sum(mx.where(mx.isinf(lowest), mx.array(0), lowest));
  return mx.divide(sum, mx.maximum(mx.sum(there), 1));
}
