/** The rope parameters of config.json, in the spelling of transformers 5 and in the older ones. */
import { z } from "zod";
import type { RopeConfig, RopeScaling } from "../decoder/config.js";
import { size } from "./config-json.js";

const ropeKind = { rope_theta: z.number().positive().nullish() };

/** `rope_parameters` of transformers 5, or `rope_scaling` before it, whose key may be `type`. */
const ropeParameters = z.preprocess(
  renameType,
  z
    .discriminatedUnion("rope_type", [
      z.strictObject({ rope_type: z.literal("default"), ...ropeKind }),
      // Changes nothing up to max_position_embeddings, and longer prompts are refused.
      z.strictObject({
        rope_type: z.literal("dynamic"),
        factor: z.number().positive(),
        ...ropeKind,
      }),
      z.strictObject({
        rope_type: z.literal("linear"),
        factor: z.number().positive(),
        ...ropeKind,
      }),
      z.strictObject({
        rope_type: z.literal("llama3"),
        factor: z.number().positive(),
        low_freq_factor: z.number().positive(),
        high_freq_factor: z.number().positive(),
        original_max_position_embeddings: size,
        ...ropeKind,
      }),
    ])
    .nullish(),
);
type RopeParameters = z.output<typeof ropeParameters>;

function renameType(value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("type" in value)) return value;
  const { type, ...rest } = value;
  return { rope_type: type, ...rest };
}

/** The fields that describe rotation, in both spellings. */
export const ropeFields = {
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeParameters,
  rope_parameters: ropeParameters,
};

/** Rotation over a whole head, in halves, as most families have it. */
export function describeRope(
  fields: { [K in keyof typeof ropeFields]?: z.output<(typeof ropeFields)[K]> },
  dims: number,
): RopeConfig {
  const parameters = fields.rope_parameters ?? fields.rope_scaling;
  const base = parameters?.rope_theta ?? fields.rope_theta ?? 10_000;
  const scaling = describeScaling(parameters);
  return { dims, base, interleaved: false, ...(scaling && { scaling }) };
}

function describeScaling(parameters: RopeParameters): RopeScaling | undefined {
  if (parameters?.rope_type === "linear") return { kind: "linear", factor: parameters.factor };
  if (parameters?.rope_type !== "llama3") return undefined;
  return {
    kind: "llama3",
    factor: parameters.factor,
    lowFrequencyFactor: parameters.low_freq_factor,
    highFrequencyFactor: parameters.high_freq_factor,
    originalMaxPositions: parameters.original_max_position_embeddings,
  };
}
