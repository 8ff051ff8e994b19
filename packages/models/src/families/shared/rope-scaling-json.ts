/** The scaling kinds of rotary positions, from their parameters in config.json. */
import type { RopeScaling } from "../../decoder/config/rope-config.js";
import type { RopeParameters } from "./rope-json.js";

type Parameters<K extends RopeParameters["rope_type"]> = Extract<RopeParameters, { rope_type: K }>;

/**
 * @param maxPositions the longest sequence of the config
 * @param originalMaxPositions the longest one before scaling
 * @returns undefined where nothing is scaled
 */
export function describeScaling(
  parameters: RopeParameters,
  maxPositions: number,
  originalMaxPositions: number,
): RopeScaling | undefined {
  if (parameters.rope_type === "default") return undefined;
  if (parameters.rope_type === "linear") return { kind: "linear", factor: parameters.factor };
  if (parameters.rope_type === "dynamic") {
    const { factor } = parameters;
    return { kind: "dynamic", factor, originalMaxPositions: maxPositions };
  }
  if (parameters.rope_type === "llama3") {
    return {
      kind: "llama3",
      factor: parameters.factor,
      lowFrequencyFactor: parameters.low_freq_factor,
      highFrequencyFactor: parameters.high_freq_factor,
      originalMaxPositions,
    };
  }
  if (parameters.rope_type === "yarn") return yarn(parameters, originalMaxPositions);
  return longrope(parameters, originalMaxPositions, maxPositions);
}

function yarn(parameters: Parameters<"yarn">, originalMaxPositions: number): RopeScaling {
  const { factor, attention_factor: given, mscale, mscale_all_dim: all } = parameters;
  const growth = (weight: number) => (factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1);
  return {
    kind: "yarn",
    factor,
    betaFast: parameters.beta_fast ?? 32,
    betaSlow: parameters.beta_slow ?? 1,
    truncate: parameters.truncate ?? true,
    originalMaxPositions,
    attentionFactor: given ?? (mscale && all ? growth(mscale) / growth(all) : growth(1)),
  };
}

function longrope(
  parameters: Parameters<"longrope">,
  originalMaxPositions: number,
  maxPositions: number,
): RopeScaling {
  const factor = parameters.factor ?? maxPositions / originalMaxPositions;
  const growth = Math.sqrt(1 + Math.log(factor) / Math.log(originalMaxPositions));
  return {
    kind: "longrope",
    shortFactors: parameters.short_factor,
    longFactors: parameters.long_factor,
    originalMaxPositions,
    attentionFactor: parameters.attention_factor ?? (factor <= 1 ? 1 : growth),
  };
}
