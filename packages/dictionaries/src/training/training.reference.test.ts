/** Losses, gradients and parameters after steps, against what the Python libraries computed. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { caseFacts, casesAreHere, caseValues, excess } from "../testing/reference.js";
import { resolveConfig, type TrainingConfig, trainingConfig } from "./config.js";
import { geometricMedian } from "./initialize.js";
import { rowNorms } from "./objective-parts.js";
import { objectiveOf } from "./objectives.js";
import type { Losses, Parameters, StepContext, TrainingBatch } from "./parameters.js";
import { differentiate, firstState, trainStep } from "./step.js";

const names: Readonly<Record<string, string>> = {
  ...{ W_enc: "encoder", b_enc: "encoderBias", W_dec: "decoder", b_dec: "decoderBias" },
  ...{ b_gate: "gateBias", b_mag: "magnitudeBias", r_mag: "magnitudeScale", W_skip: "skip" },
  ...{ log_threshold: "threshold", threshold: "threshold", bias: "decoderBias" },
  ...{ "encoder.weight": "encoder", "encoder.bias": "encoderBias", "decoder.weight": "decoder" },
  ...{ decoder_bias: "decoderBias", gate_bias: "gateBias", mag_bias: "magnitudeBias" },
  "decoder.bias": "decoderBias",
};

/** An array of theirs as ours: transposed, or sources side by side. */
function ours(theirs: string, array: MxArray): MxArray {
  if (array.ndim === 3) {
    const [sources, a, b] = array.shape;
    if (theirs === "encoder.weight") return array.reshape([sources * a, b]);
    return array.transpose(1, 0, 2).reshape([a, sources * b]);
  }
  if (theirs === "decoder.bias") return array.reshape([array.size]);
  const turned = ["encoder.weight", "decoder.weight", "W_skip"].includes(theirs);
  return turned ? mx.add(array.transpose(), mx.zeros([1])) : array;
}

function parametersOf(values: Record<string, MxArray>, prefix = ""): Parameters {
  const found: Record<string, MxArray> = {};
  for (const [name, array] of Object.entries(values)) {
    const theirs = name.slice(prefix.length);
    if (!name.startsWith(prefix) || !Object.hasOwn(names, theirs)) continue;
    if (theirs === "threshold" && array.ndim === 0) continue; // follows, is not trained
    found[names[theirs]] = ours(theirs, array);
  }
  return found;
}

const saelens = {
  normalize: "none",
  learningRate: 1e-3,
  features: 96,
  steps: 1000,
  clip: 1,
} as const;
const theirs = { ...saelens, recipe: "dictionaryLearning", clip: undefined } as const;
const own = { ...saelens, clip: null, subtractDecoderBias: false } as const;
const follows = { k: 8, thresholdStart: 1, thresholdRate: 0.1 };
const crossing = { ...own, recipe: "dictionaryLearning", sources: 2 } as const;

const cases: [string, TrainingConfig][] = [
  ["train-saelens-standard", { ...saelens, architecture: "standard", sparsity: 0.3 }],
  ["train-saelens-gated", { ...saelens, architecture: "gated", sparsity: 0.2 }],
  ["train-saelens-topk", { ...saelens, architecture: "topK", k: 8 }],
  ["train-saelens-batchtopk", { ...saelens, architecture: "batchTopK", k: 8 }],
  ["train-saelens-matryoshka", { ...saelens, architecture: "matryoshka", k: 8, widths: [16, 48] }],
  [
    "train-saelens-jumprelu-step",
    { ...saelens, architecture: "jumpRelu", sparsity: 0.05, bandwidth: 0.2 },
  ],
  [
    "train-saelens-jumprelu-tanh-preact",
    {
      ...{ ...saelens, architecture: "jumpRelu", sparsity: 0.05, bandwidth: 0.2, cost: "tanh" },
      reviveByThreshold: 0.003,
    },
  ],
  ["train-dictlearn-standard", { ...theirs, architecture: "standard", sparsity: 0.3 }],
  [
    "train-dictlearn-standard-april",
    { ...theirs, architecture: "standard", sparsity: 0.3, decoder: "free", clip: 1 },
  ],
  ["train-dictlearn-gated", { ...theirs, architecture: "gated", sparsity: 0.2 }],
  [
    "train-dictlearn-jumprelu",
    { ...theirs, architecture: "jumpRelu", sparsity: 1, bandwidth: 0.2, targetCount: 10 },
  ],
  ["train-dictlearn-topk", { ...theirs, architecture: "topK", ...follows }],
  ["train-dictlearn-batchtopk", { ...theirs, architecture: "batchTopK", ...follows }],
  [
    "train-dictlearn-matryoshka",
    { ...theirs, architecture: "matryoshka", ...follows, widths: [12, 36] },
  ],
  ["train-transcoder-l1", { ...own, architecture: "standard", sparsity: 0.1 }],
  [
    "train-transcoder-skip-topk",
    { ...own, architecture: "topK", k: 8, skip: true, scaleByDecoderNorm: false, auxiliary: 0 },
  ],
  ["train-crosscoder-l1", { ...crossing, architecture: "standard", sparsity: 0.05 }],
  [
    "train-crosscoder-batchtopk",
    { ...crossing, architecture: "batchTopK", ...follows, reconstruction: "norm" },
  ],
];

/** Features that were dead from the start, as the case says, until they are on. */
function deadAtStart(name: string, values: Record<string, MxArray>): MxArray {
  if (values.dead_mask) return values.dead_mask.astype(mx.float32);
  const family = /^train-(dictlearn-(topk|batchtopk|matryoshka)|crosscoder-batchtopk)$/.test(name);
  return mx.array(Array.from({ length: 96 }, (_, at) => (family && at % 9 === 5 ? 1 : 0)));
}

function batchOf(values: Record<string, MxArray>, number: number): TrainingBatch {
  const both = values[`batch.${number}`];
  if (!both) return { x: values[`batch.${number}.x`], y: values[`batch.${number}.y`] };
  const x = both.ndim === 3 ? both.reshape([both.shape[0], both.size / both.shape[0]]) : both;
  return { x, y: x };
}

function contextFor(config: ReturnType<typeof resolveConfig>, dead: MxArray): StepContext {
  const deadCount = Number(mx.sum(dead).item());
  return { dead, deadCount, sparsity: config.sparsity, power: 1 };
}

/** Compared where the gradient is not next to nothing: Adam makes steps of one size of it. */
function parameterExcess(found: MxArray, expected: MxArray, gradient: MxArray): number {
  const [a, b, slope] = [found, expected, gradient].map((array) => toFlat(array));
  let most = Number.NEGATIVE_INFINITY;
  a.forEach((value, at) => {
    if (Math.abs(slope[at]) > 1e-6) most = Math.max(most, Math.abs(value - b[at]) - 5e-5);
  });
  return most;
}

/** That case keeps features in units of what they write in all sources. */
function sized({ features }: Losses, parameters: Parameters): MxArray {
  return mx.multiply(features, rowNorms(parameters, 2));
}

const near = { atol: 2e-5, rtol: 1e-5 };

describe.runIf(casesAreHere).each(cases)("%s", (name, given) => {
  const config = resolveConfig(trainingConfig.parse(given));
  const values = casesAreHere ? caseValues(name) : {};
  const parameters = casesAreHere ? parametersOf(caseValues(name, "init.safetensors")) : {};
  const objective = objectiveOf(config);

  it("has the losses and gradients of the first batch", () => {
    const context = contextFor(config, deadAtStart(name, values));
    const { losses, gradients } = differentiate(parameters, batchOf(values, 0), objective, context);
    const loss = Number(losses.loss.item());
    const expected = Number(values["step0.loss"].item());
    expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-5);
    const features = name === "train-crosscoder-l1" ? sized(losses, parameters) : losses.features;
    expect(excess(features, values["step0.feature_acts"], near)).toBeLessThanOrEqual(0);
    for (const [part, slope] of Object.entries(parametersOf(values, "step0.grad."))) {
      expect(excess(gradients[part], slope, near), part).toBeLessThanOrEqual(0);
    }
  });

  it("has the parameters after one step and after five", () => {
    const facts = caseFacts(name);
    let state = firstState(parameters, config);
    let dead = deadAtStart(name, values);
    const slopes = parametersOf(values, "step0.grad.");
    for (let step = 0; step < 5; step++) {
      const context = contextFor(config, dead);
      const next = trainStep(state, batchOf(values, step), objective, context, config);
      state = next.state;
      const fired = mx.any(mx.greater(next.report.losses.features, 0), 0);
      if (!values.dead_mask) dead = mx.where(fired, mx.array(0), dead);
      const threshold = facts.steps[step].topk_threshold ?? facts.steps[step].threshold;
      if (threshold !== undefined) expect(Number(state.threshold.item())).toBeCloseTo(threshold, 4);
      if (step !== 0 && step !== 4) continue;
      for (const [part, expected] of Object.entries(parametersOf(values, `after${step + 1}.`))) {
        expect(
          parameterExcess(state.parameters[part], expected, slopes[part]),
          part,
        ).toBeLessThanOrEqual(0);
      }
    }
  });
});

const alike = { ...saelens, recipe: "sparsify", features: 192, k: 8, auxiliary: 1 / 32 } as const;
const ofSparsify: [string, string, TrainingConfig][] = [
  ["sparsify-topk", "layers.3", { ...alike, architecture: "topK" }],
  ["sparsify-groupmax", "layers.3", { ...alike, architecture: "groupMax" }],
  [
    "sparsify-skip-transcoder",
    "layers.3.mlp",
    { ...alike, architecture: "topK", kind: "transcoder", skip: true },
  ],
];

describe.runIf(casesAreHere).each(ofSparsify)("%s", (name, folder, given) => {
  it("has the losses and gradients of sparsify, with a part of dead features", () => {
    const config = resolveConfig(trainingConfig.parse(given));
    const values = caseValues(name);
    const parameters = parametersOf(caseValues(name, `${folder}/sae.safetensors`));
    const context = contextFor(config, values.dead_mask.astype(mx.float32));
    const batch = { x: values.x, y: values.y ?? values.x };
    const { losses, gradients } = differentiate(parameters, batch, objectiveOf(config), context);
    const [share, ofDead] = [values.fvu, values.auxk_loss].map((term) => Number(term.item()));
    expect(Number(losses.terms.unexplained.item()) / share).toBeCloseTo(1, 5);
    expect((32 * Number(losses.terms.auxiliary.item())) / ofDead).toBeCloseTo(1, 5);
    expect(excess(losses.features, values.feature_acts, near)).toBeLessThanOrEqual(0);
    for (const [part, slope] of Object.entries(parametersOf(values, "grad."))) {
      expect(excess(gradients[part], slope, near), part).toBeLessThanOrEqual(0);
    }
  });

  it("adds an eighth of what four times as many features leave unexplained", () => {
    const config = resolveConfig(trainingConfig.parse({ ...given, moreShare: 1 / 8 }));
    const values = caseValues(name);
    const parameters = parametersOf(caseValues(name, `${folder}/sae.safetensors`));
    const y = values.y ?? values.x;
    const batch = { x: values.x, y };
    const context = contextFor(config, mx.zeros([192]));
    const { losses } = differentiate(parameters, batch, objectiveOf(config), context);
    // in double precision, row by row
    const [x, target, encoder, bias, decoder, offset] = [
      ...[values.x, y, parameters.encoder, parameters.encoderBias, parameters.decoder],
      parameters.decoderBias,
    ].map((array) => [...toFlat(mx.add(array, mx.zeros([1])))]);
    let [left, spread] = [0, 0];
    for (let row = 0; row < 10; row++) {
      const own = bias.map((start, feature) => {
        let sum = start;
        for (let at = 0; at < 48; at++) {
          const input = x[row * 48 + at] - (config.kind === "transcoder" ? 0 : offset[at]);
          sum += input * encoder[at * 192 + feature];
        }
        return Math.max(sum, 0);
      });
      const least = [...own].sort((a, b) => b - a)[31];
      for (let at = 0; at < 48; at++) {
        let said = offset[at];
        own.forEach((size, feature) => {
          if (size >= least) said += size * decoder[feature * 48 + at];
        });
        let mean = 0;
        for (let other = 0; other < 10; other++) mean += target[other * 48 + at] / 10;
        left += (target[row * 48 + at] - said) ** 2;
        spread += (target[row * 48 + at] - mean) ** 2;
      }
    }
    expect((8 * Number(losses.terms.more.item())) / (left / spread)).toBeCloseTo(1, 4);
  });
});

it.runIf(casesAreHere)("begins at the geometric median that dictionary_learning computes", () => {
  const values = caseValues("train-dictlearn-topk");
  const median = geometricMedian(values["batch.0"]);
  expect(
    excess(median, values.geometric_median_of_batch0, { atol: 1e-3, rtol: 0 }),
  ).toBeLessThanOrEqual(0);
});
