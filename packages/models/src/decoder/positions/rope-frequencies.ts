/** How fast each pair of dimensions turns, in every published variant. */
import type { RopeConfig, RopeScaling } from "../config/rope-config.js";

type Scaling<K extends RopeScaling["kind"]> = Extract<RopeScaling, { kind: K }>;

/**
 * The wave number of each rotated pair, in radians per position.
 *
 * @param length tokens of the whole sequence, on which `dynamic` and `longrope` depend
 */
export function ropeFrequencies(config: RopeConfig, length = 0): Float32Array {
  const { dims, base, scaling } = config;
  const turning = scaling?.kind === "dynamic" ? grownBase(base, dims, length, scaling) : base;
  return Float32Array.from({ length: dims / 2 }, (_, pair) => {
    const plain = turning ** ((-2 * pair) / dims);
    return scaling ? scaleFrequency(plain, pair, config, length) : plain;
  });
}

/** Sequences with the same regime turn alike. */
export function ropeRegime({ scaling }: RopeConfig, length: number): number {
  if (scaling?.kind !== "dynamic" && scaling?.kind !== "longrope") return 0;
  if (length <= scaling.originalMaxPositions) return 0;
  return scaling.kind === "dynamic" ? length : 1;
}

/**
 * Tells lengths apart at which the layers of a model turn a position in different ways, so that keys of one are of no
 * use in another.
 */
export function regimesOf(
  configs: readonly (RopeConfig | undefined)[],
): (length: number) => string {
  const kinds = new Map(configs.map((config) => [JSON.stringify(config), config]));
  const distinct = [...kinds.values()].filter((config) => config !== undefined);
  return (length) => distinct.map((config) => ropeRegime(config, length)).join();
}

function scaleFrequency(
  frequency: number,
  pair: number,
  config: RopeConfig,
  length: number,
): number {
  const { scaling } = config;
  if (scaling?.kind === "linear") return frequency / scaling.factor;
  if (scaling?.kind === "proportional")
    return pair < scaling.pairs ? frequency / scaling.factor : 0;
  if (scaling?.kind === "llama3") return llama3Frequency(frequency, scaling);
  if (scaling?.kind === "yarn") return yarnFrequency(frequency, pair, config, scaling);
  if (scaling?.kind !== "longrope") return frequency;
  const long = length > scaling.originalMaxPositions;
  return frequency / (long ? scaling.longFactors : scaling.shortFactors)[pair];
}

/** Llama 3 slows only the waves that are longer than its original context, with a smooth transition. */
function llama3Frequency(frequency: number, scaling: Scaling<"llama3">): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
  const turns = (scaling.originalMaxPositions * frequency) / (2 * Math.PI);
  const share = Math.min(Math.max((turns - low) / (high - low), 0), 1);
  return (1 - share) * (frequency / factor) + share * frequency;
}

/** NTK-aware: a larger base stretches the long waves over the longer sequence and keeps the short ones. */
function grownBase(base: number, dims: number, length: number, scaling: Scaling<"dynamic">) {
  const { factor, originalMaxPositions } = scaling;
  const stretch = (factor * Math.max(length, originalMaxPositions)) / originalMaxPositions;
  return base * (stretch - (factor - 1)) ** (dims / (dims - 2));
}

/** Source: Peng et al. 2023, "YaRN: Efficient Context Window Extension of Large Language Models", section 3.2. */
function yarnFrequency(
  frequency: number,
  pair: number,
  { dims, base }: RopeConfig,
  { factor, betaFast, betaSlow, truncate, originalMaxPositions }: Scaling<"yarn">,
): number {
  const pairWithTurns = (turns: number) =>
    (dims * Math.log(originalMaxPositions / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [fast, slow] = [pairWithTurns(betaFast), pairWithTurns(betaSlow)];
  const low = Math.max(truncate ? Math.floor(fast) : fast, 0);
  const high = Math.min(truncate ? Math.ceil(slow) : slow, dims - 1);
  const width = high === low ? 0.001 : high - low;
  const divided = Math.min(Math.max((pair - low) / width, 0), 1);
  return divided * (frequency / factor) + (1 - divided) * frequency;
}
