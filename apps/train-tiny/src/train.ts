/** The training loop: batches of generated documents, next-token loss, AdamW on a warm-up and cosine schedule. */
import { setImmediate as turn } from "node:timers/promises";
import { evaluate, InvalidArgumentError, type MxArray, mx, nn } from "@mlxterp/mlx";
import { type Decoder, listParameters, setParameters } from "@mlxterp/models";
import { AdamW, type AdamWOptions, flatten } from "./adamw.js";
import { type DatasetOptions, drawDocument } from "./dataset.js";
import { seededRandom } from "./random.js";
import { padId } from "./vocabulary.js";

/** What decides the weights, beside the data. */
export interface Training {
  readonly seed: number;
  readonly steps: number;
  /** Documents per step. */
  readonly batch: number;
  /** After the warm-up; falls along a cosine to a twentieth. */
  readonly learningRate: number;
  readonly warmUp: number;
  readonly optimizer: AdamWOptions;
}

export interface TrainOptions extends Training {
  readonly dataset: DatasetOptions;
  /** Told after every step. */
  readonly onStep?: (step: number, loss: number) => void;
  /** Stops between two steps, by throwing its reason. */
  readonly signal?: AbortSignal;
}

export const defaultTraining: Training = {
  seed: 1,
  steps: 3000,
  batch: 48,
  learningRate: 2e-3,
  warmUp: 100,
  optimizer: { betas: [0.9, 0.98], epsilon: 1e-8, weightDecay: 0.2, clip: 1 },
};

/** The learning rate of a step, counted from 1. */
export function learningRateAt(
  step: number,
  { learningRate, warmUp, steps }: TrainOptions,
): number {
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / steps));
  return learningRate * Math.min(1, step / warmUp) * (0.05 + 0.95 * cosine);
}

interface Batch {
  readonly inputs: MxArray; // (batch, position) int32
  readonly targets: MxArray; // (batch, position) int32
  readonly counted: MxArray; // (batch, position) 0 where the target is padding
}

function toBatch(documents: readonly number[][]): Batch {
  const targets = documents.map((document) => document.slice(1));
  return {
    inputs: mx.array(
      documents.map((document) => document.slice(0, -1)),
      mx.int32,
    ),
    targets: mx.array(targets, mx.int32),
    counted: mx.array(targets.map((row) => row.map((id) => (id === padId ? 0 : 1)))),
  };
}

/** The negative log probability of each next token. (batch, position, vocab), (batch, position) → (batch, position) */
export function nextTokenLoss(logits: MxArray, targets: MxArray): MxArray {
  const chosen = mx.takeAlongAxis(logits, mx.expandDims(targets, -1), -1);
  return mx.subtract(mx.logsumexp(logits, -1), mx.squeeze(chosen, -1));
}

/** MLX arrays that outlive two minor collections wait for a full one, which knows nothing of their size. */
async function collectFully(): Promise<void> {
  globalThis.gc?.();
  await turn();
}

const stepsBetweenCollections = 20;

/**
 * Trains a decoder in place.
 *
 * @throws the reason of `signal` when it aborts
 */
export async function train(decoder: Decoder, options: TrainOptions): Promise<void> {
  const { seed, steps, batch, dataset, onStep, signal } = options;
  const random = seededRandom(`${seed}/documents`);
  const optimizer = new AdamW(options.optimizer);
  const lossAndGradients = nn.valueAndGrad(decoder, (batch: Batch) => {
    const losses = nextTokenLoss(decoder.forward(batch.inputs), batch.targets);
    return mx.divide(mx.sum(mx.multiply(losses, batch.counted)), mx.sum(batch.counted));
  });
  /** Builds one step; nothing is computed yet. */
  const build = (step: number): MxArray => {
    const documents = Array.from({ length: batch }, () => drawDocument(random, dataset));
    const [loss, gradients] = lossAndGradients(toBatch(documents));
    const rate = learningRateAt(step, options);
    const slopes = new Map(flatten(gradients));
    setParameters(decoder, optimizer.update(listParameters(decoder), slopes, rate));
    return loss;
  };
  for (let step = 1; step <= steps; step++) {
    signal?.throwIfAborted();
    const loss = build(step);
    await evaluate([loss, ...listParameters(decoder).values(), ...optimizer.state]);
    if (step % stepsBetweenCollections === 0) await collectFully();
    onStep?.(step, finite(loss.item() as number, step));
  }
}

function finite(loss: number, step: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new InvalidArgumentError(
    "learningRate",
    loss,
    `the loss became ${loss} at step ${step}; take a smaller learning rate.`,
  );
}
