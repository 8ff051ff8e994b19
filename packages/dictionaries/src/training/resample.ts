/**
 * Dead features are made anew: each looks for what a badly explained row is like. Source: Bricken et al. 2023, "Towards
 * Monosemanticity", appendix "Neuron resampling".
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { ResolvedConfig } from "./config.js";
import { keyOf, rowsOfNorm } from "./initialize.js";
import { mapArrays } from "./optimizer.js";
import type { Parameters, TrainingBatch } from "./parameters.js";
import { deadFeatures, type TrainingState } from "./step.js";

/** How large a new encoder is, next to those that are alive; where the largest are chosen, smaller ones would never be. */
const encoderShare = { largest: 1, others: 0.2 };

/** @param reconstruction of the batch, (rows, output) */
export function resample(
  state: TrainingState,
  batch: TrainingBatch,
  reconstruction: MxArray,
  config: ResolvedConfig,
): TrainingState {
  const dead = deadFeatures(state, config);
  const count = Number(mx.sum(dead).item());
  if (count === 0 || count === config.features) return state;
  const losses = mx.sum(mx.square(mx.subtract(batch.y, reconstruction)), 1);
  const key = keyOf(config.seed, state.step);
  const drawn = mx.random.categorical(
    mx.log(mx.square(losses)),
    -1,
    undefined,
    config.features,
    key,
  );
  const { parameters, moments } = state;
  const rows = [batch.x, batch.y].map((all) => mx.take(all, drawn.reshape([config.features]), 0));
  const fresh = freshWeights(parameters, rows[0], rows[1], dead, config);
  const mask: Parameters = {
    encoder: dead.reshape([1, config.features]),
    decoder: dead.reshape([config.features, 1]),
    encoderBias: dead,
  };
  const mixed = (old: Parameters, now: (name: string, array: MxArray) => MxArray) =>
    mapArrays(old, (array, name) =>
      mask[name] ? mx.where(mx.equal(mask[name], 1), now(name, array), array) : array,
    );
  const zero = (_: string, array: MxArray) => mx.zerosLike(array);
  return {
    ...state,
    parameters: mixed(parameters, (name) => fresh[name]),
    moments: { mean: mixed(moments.mean, zero), square: mixed(moments.square, zero) },
    silent: mx.where(mx.equal(dead, 1), mx.array(0), state.silent),
  };
}

function freshWeights(
  { encoder, decoder, decoderBias }: Parameters,
  x: MxArray,
  y: MxArray,
  dead: MxArray,
  { architecture, features, subtractDecoderBias }: ResolvedConfig,
): Parameters {
  const alive = mx.subtract(1, dead);
  const usual = (norms: MxArray) => mx.divide(mx.sum(mx.multiply(norms, alive)), mx.sum(alive));
  const size = usual(mx.sqrt(mx.sum(mx.square(encoder), 0)));
  const written = usual(mx.sqrt(mx.sum(mx.square(decoder), 1)));
  const largest = ["topK", "batchTopK", "matryoshka"].includes(architecture);
  const share = largest ? encoderShare.largest : encoderShare.others;
  const directions = rowsOfNorm(subtractDecoderBias ? mx.subtract(x, decoderBias) : x, 1);
  return {
    encoder: mx.multiply(directions.transpose(), mx.multiply(size, share)),
    decoder: mx.multiply(rowsOfNorm(mx.subtract(y, decoderBias), 1), written),
    encoderBias: mx.zeros([features]),
  };
}
