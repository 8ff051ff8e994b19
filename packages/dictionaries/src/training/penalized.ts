/** Losses in which features cost something: standard, with a power that sinks, gated, and with thresholds. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { aboveThreshold } from "../dictionary/activations.js";
import type { ResolvedConfig } from "./config.js";
import {
  centred,
  costOf,
  decoded,
  encoded,
  meanOfSums,
  positive,
  reconstructionLoss,
  rowNorms,
  scaledBy,
  squaredError,
  totalOf,
  withinBand,
  withSlope,
} from "./objective-parts.js";
import type { Losses, Objective, Parameters } from "./parameters.js";

/** Source: Bricken et al. 2023; the norm of decoder rows in the cost: Conerly et al. 2024, "Update on how we train SAEs". */
export function standard(config: ResolvedConfig): Objective {
  return (parameters, batch, { sparsity }): Losses => {
    const features = positive(encoded(parameters, batch, config));
    const reconstruction = decoded(parameters, features, batch);
    const terms = {
      mse: reconstructionLoss(reconstruction, batch.y, config),
      sparsity: scaledBy(sparsity, powerCost(features, parameters, config)),
    };
    return { loss: totalOf(terms), terms, features, reconstruction };
  };
}

/** The p-norm of features, each by the norm of what it writes. */
function powerCost(features: MxArray, parameters: Parameters, config: ResolvedConfig): MxArray {
  const { power, sparsityByNorm } = config;
  if (power === 1) return costOf(features, parameters, config);
  const sized = sparsityByNorm ? mx.multiply(features, rowNorms(parameters)) : features;
  const sums = mx.sum(mx.power(mx.maximum(sized, smallest), power), 1);
  return mx.mean(mx.power(sums, 1 / power));
}

/** Powers below one have no slope at zero. */
const smallest = 1e-8;

/** Source: Karvonen et al. 2024, arXiv 2408.00113 (p-annealing). */
export function pAnneal(config: ResolvedConfig): Objective {
  return (parameters, batch, { sparsity, power }): Losses => {
    const features = positive(encoded(parameters, batch, config));
    const reconstruction = decoded(parameters, features, batch);
    const on = mx.stopGradient(mx.greater(features, 0).astype(mx.float32));
    const powers = mx.multiply(mx.power(mx.maximum(features, smallest), power), on);
    const terms = {
      mse: squaredError(reconstruction, batch.y),
      sparsity: scaledBy(sparsity, costOf(powers, parameters, config)),
    };
    return { loss: totalOf(terms), terms, features, reconstruction };
  };
}

/** Source: Rajamanoharan et al. 2024, arXiv 2404.16014. */
export function gated(config: ResolvedConfig): Objective {
  const held = config.recipe === "dictionaryLearning" ? mx.stopGradient : (array: MxArray) => array;
  return (parameters, batch, { sparsity }): Losses => {
    const z = mx.matmul(centred(parameters, batch, config), parameters.encoder);
    const gate = mx.add(z, parameters.gateBias);
    const size = mx.add(
      mx.multiply(z, mx.exp(parameters.magnitudeScale)),
      parameters.magnitudeBias,
    );
    const on = mx.stopGradient(mx.greater(gate, 0).astype(mx.float32));
    const features = mx.multiply(on, positive(size));
    const reconstruction = decoded(parameters, features, batch);
    const open = positive(gate);
    const byGate = mx.add(mx.matmul(open, held(parameters.decoder)), held(parameters.decoderBias));
    const terms = {
      mse: squaredError(reconstruction, batch.y),
      sparsity: scaledBy(sparsity, costOf(open, parameters, config)),
      auxiliary: squaredError(byGate, batch.y),
    };
    return { loss: totalOf(terms), terms, features, reconstruction };
  };
}

/** Source: Rajamanoharan et al. 2024, arXiv 2407.14435; the tanh and the last term: Conerly et al. 2025, "JumpReLU SAEs". */
export function jumpRelu(config: ResolvedConfig): Objective {
  return config.recipe === "saelens" ? jumpReluByCost(config) : jumpReluByCount(config);
}

function jumpReluByCost(config: ResolvedConfig): Objective {
  return (parameters, batch, { sparsity, dead }): Losses => {
    const threshold = mx.exp(parameters.threshold);
    const p = encoded(parameters, batch, config);
    const features = jumped(p, threshold, config.bandwidth);
    const reconstruction = decoded(parameters, features, batch);
    const terms: Record<string, MxArray> = {
      mse: squaredError(reconstruction, batch.y),
      sparsity: scaledBy(sparsity, countOrTanh(p, features, threshold, parameters, config)),
    };
    if (config.reviveByThreshold > 0) {
      const below = mx.multiply(positive(mx.subtract(threshold, p)), dead);
      const cost = meanOfSums(mx.multiply(below, rowNorms(parameters)));
      terms.revival = scaledBy(config.reviveByThreshold, cost);
    }
    return { loss: totalOf(terms), terms, features, reconstruction };
  };
}

/** The threshold itself is trained, and the count of features is drawn to a number. */
function jumpReluByCount(config: ResolvedConfig): Objective {
  return (parameters, batch, { sparsity }): Losses => {
    const { threshold } = parameters;
    const features = jumped(encoded(parameters, batch, config), threshold, config.bandwidth);
    const reconstruction = decoded(parameters, features, batch);
    const count = meanOfSums(stepped(mx.stopGradient(features), threshold, config.bandwidth));
    const off = mx.square(mx.subtract(mx.divide(count, config.targetCount), 1));
    const terms = {
      mse: squaredError(reconstruction, batch.y),
      sparsity: scaledBy(sparsity, off),
    };
    return { loss: totalOf(terms), terms, features, reconstruction };
  };
}

function countOrTanh(
  p: MxArray,
  features: MxArray,
  threshold: MxArray,
  parameters: Parameters,
  { cost, bandwidth, tanhScale }: ResolvedConfig,
): MxArray {
  if (cost === "step") return meanOfSums(stepped(mx.stopGradient(p), threshold, bandwidth));
  const sized = mx.multiply(features, rowNorms(parameters));
  return meanOfSums(mx.tanh(mx.multiply(sized, tanhScale)));
}

/** What is above the threshold, with the slope −(t / b) within the band. */
function jumped(p: MxArray, threshold: MxArray, bandwidth: number): MxArray {
  const band = withinBand(p, threshold, bandwidth);
  const slope = mx.negative(mx.multiply(band, mx.divide(threshold, bandwidth)));
  return withSlope(aboveThreshold(p, mx.stopGradient(threshold)), threshold, slope);
}

/** 1 above the threshold, with the slope −(1 / b) within the band. */
function stepped(values: MxArray, threshold: MxArray, bandwidth: number): MxArray {
  const above = mx.greater(values, mx.stopGradient(threshold)).astype(mx.float32);
  const band = withinBand(values, threshold, bandwidth);
  return withSlope(mx.stopGradient(above), threshold, mx.divide(band, -bandwidth));
}
