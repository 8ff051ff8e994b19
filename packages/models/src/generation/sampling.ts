/** Choosing the next token from its logits on the host: penalty, temperature, cuts, and a seeded draw. */
import {
  brief,
  InvalidArgumentError,
  type OptionNames,
  type OptionRule,
  uniformNumbers,
} from "@mlxterp/mlx";
import { type Cuts, likeliest } from "./likeliest.js";

/**
 * How the next token is chosen. What is given acts in this order, the order and meaning of the processors of Hugging
 * Face `transformers`: repetition penalty, temperature, `topK`, `topP`, `minP`. Among equally likely tokens at a cut
 * the smaller ids stay.
 */
export interface SamplingOptions extends Cuts {
  /** Divides the logits; 0 takes the most likely token and needs no cuts. Default: 0. */
  readonly temperature?: number;
  /**
   * Divides the positive logits and multiplies the negative ones of every token that the prompt or the text already has
   * (Keskar et al. 2019, "CTRL", section 4.1); above 1 it discourages repetition. Default: 1.
   */
  readonly repetitionPenalty?: number;
  /** The same seed and prompt give the same text. Default: 0. */
  readonly seed?: number;
}

/** A chosen token and the logarithm of the probability the model itself gave it. */
export interface Choice {
  readonly token: number;
  readonly logProbability: number;
}

const numberRule =
  (text: string, holds: (value: number) => boolean): OptionRule =>
  (name, value) => {
    if (typeof value === "number" && holds(value)) return;
    throw new InvalidArgumentError(name, value, `${brief(value)} is not ${text}.`);
  };

/** What its values must be. */
export const samplingRules: OptionNames<SamplingOptions> = {
  temperature: numberRule("at least 0", (value) => value >= 0 && value < Number.POSITIVE_INFINITY),
  topK: numberRule("a positive integer", (value) => Number.isInteger(value) && value > 0),
  topP: numberRule("in (0, 1]", (value) => value > 0 && value <= 1),
  minP: numberRule("in [0, 1]", (value) => value >= 0 && value <= 1),
  repetitionPenalty: numberRule(
    "above 0",
    (value) => value > 0 && value < Number.POSITIVE_INFINITY,
  ),
  seed: numberRule("an integer", Number.isSafeInteger),
};

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for wrong values, and options of a draw where nothing is drawn */
export function checkSampling(options: SamplingOptions): void {
  for (const name of Object.keys(samplingRules) as (keyof SamplingOptions)[]) {
    const { [name]: rule } = samplingRules;
    if (rule !== true && options[name] !== undefined) rule(name, options[name]);
  }
  if ((options.temperature ?? 0) > 0) return;
  for (const name of ["topK", "topP", "minP", "seed"] as const) {
    if (options[name] === undefined) continue;
    const rule = `without \`temperature\` above 0 the most likely token is taken, and \`${name}\` does nothing. Give both: { temperature: 1, ${name}: ${options[name]} }.`;
    throw new InvalidArgumentError(name, options[name], rule);
  }
}

/** Whether the choice is more than the largest logit. */
export function needsSampler({ temperature = 0, repetitionPenalty = 1 }: SamplingOptions): boolean {
  return temperature > 0 || repetitionPenalty !== 1;
}

/**
 * Chooses tokens; one for each generated text, since it carries the random numbers and the tokens seen.
 *
 * @param seen the tokens of the prompt
 * @returns a function of logits, (vocab), which it leaves as they are
 */
export function createSampler(
  options: SamplingOptions,
  seen: Iterable<number> = [],
): (logits: Float32Array) => Choice {
  const { temperature = 0, repetitionPenalty = 1, seed = 0 } = options;
  const random = uniformNumbers(seed);
  const tokens = new Set(seen);
  return (logits) => {
    const scores = penalized(logits, tokens, repetitionPenalty);
    const best = indexOfLargest(scores);
    const token =
      temperature === 0
        ? best
        : draw(weightsOf(scores, scores[best], temperature), options, random());
    tokens.add(token);
    return { token, logProbability: logits[token] - logSumExp(logits) };
  };
}

function penalized(logits: Float32Array, tokens: Iterable<number>, penalty: number): Float32Array {
  if (penalty === 1) return logits;
  const scores = logits.slice();
  for (const token of tokens) {
    scores[token] = logits[token] < 0 ? logits[token] * penalty : logits[token] / penalty;
  }
  return scores;
}

/** Probabilities up to a factor: 1 for the most likely token. */
function weightsOf(scores: Float32Array, largest: number, temperature: number): Float64Array {
  const weights = new Float64Array(scores.length);
  for (let id = 0; id < scores.length; id++) {
    weights[id] = Math.exp((scores[id] - largest) / temperature);
  }
  return weights;
}

/** A token with probability proportional to its weight, among those that the cuts leave. */
function draw(weights: Float64Array, cuts: Cuts, uniform: number): number {
  const kept = likeliest(weights, cuts);
  const count = kept?.length ?? weights.length;
  const idAt = (index: number) => kept?.[index] ?? index;
  let total = 0;
  for (let index = 0; index < count; index++) total += weights[idAt(index)];
  let rest = uniform * total;
  let last = idAt(0);
  for (let index = 0; index < count; index++) {
    const id = idAt(index);
    if (weights[id] === 0) continue; // rounding may leave a sliver of `rest` beyond the last
    rest -= weights[id];
    last = id;
    if (rest < 0) break;
  }
  return last;
}

/** The first index of the largest number. */
function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if (values[index] > values[best]) best = index;
  }
  return best;
}

function logSumExp(values: Float32Array): number {
  const largest = values[indexOfLargest(values)];
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += Math.exp(values[index] - largest);
  return largest + Math.log(sum);
}
