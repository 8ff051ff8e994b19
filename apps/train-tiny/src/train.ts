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

const stepsBetweenCollections = 20;

/**
 * Frees what two minor collections have passed over. V8 does not know the size of an MLX array and would wait
 * until gigabytes are held; `gc` is there because the start script asks for it.
 */
async function collectFully(): Promise<void> {
  globalThis.gc?.();
  await turn();
}

/** @returns a function that builds one step and its new weights, with nothing computed yet */
function stepBuilder(decoder: Decoder, optimizer: AdamW, options: TrainOptions) {
  const random = seededRandom(`${options.seed}/documents`);
  const lossAndGradients = nn.valueAndGrad(decoder, ({ inputs, targets, counted }: Batch) => {
    const losses = nextTokenLoss(decoder.forward(inputs), targets);
    return mx.divide(mx.sum(mx.multiply(losses, counted)), mx.sum(counted));
  });
  return (step: number): MxArray => {
    const draw = () => drawDocument(random, options.dataset);
    const [loss, gradients] = lossAndGradients(
      toBatch(Array.from({ length: options.batch }, draw)),
    );
    const slopes = new Map(flatten(gradients));
    const rate = learningRateAt(step, options);
    setParameters(decoder, optimizer.update(listParameters(decoder), slopes, rate));
    return loss;
  };
}

/**
 * Trains a decoder in place.
 *
 * @throws the reason of `signal` when it aborts
 */
export async function train(decoder: Decoder, options: TrainOptions): Promise<void> {
  const optimizer = new AdamW(options.optimizer);
  const build = stepBuilder(decoder, optimizer, options);
  for (let step = 1; step <= options.steps; step++) {
    options.signal?.throwIfAborted();
    const loss = build(step);
    await evaluate([loss, ...listParameters(decoder).values(), ...optimizer.state]);
    if (step % stepsBetweenCollections === 0) await collectFully();
    options.onStep?.(step, finite(loss.item() as number, step));
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
