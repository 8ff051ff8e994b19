/** The rope parameters of config.json, in the spelling of transformers 5 and in the older ones. */
import { z } from "zod";
import type { RopeConfig, RopeScaling } from "../../decoder/config/rope-config.js";
import { size, unread } from "./config-json.js";
import { describeScaling } from "./rope-scaling-json.js";

const positive = z.number().positive();
const notNegative = z.number().nonnegative();
const share = positive.max(1);

/** `rope_parameters` of transformers 5, or `rope_scaling` before it, whose key may be `type`. */
function ropeParameters<P extends z.ZodType>(partial: P) {
  const common = {
    rope_theta: positive.nullish(),
    partial_rotary_factor: partial.nullish(),
  };
  const original = { original_max_position_embeddings: size.nullish() };
  const attention = { attention_factor: positive.nullish() };
  const kinds = z.discriminatedUnion("rope_type", [
    // Some files name the original length although nothing is scaled.
    z.strictObject({ rope_type: z.literal("default"), ...original, ...common }),
    z.strictObject({ rope_type: z.literal("linear"), factor: positive, ...original, ...common }),
    z.strictObject({ rope_type: z.literal("dynamic"), factor: positive, ...original, ...common }),
    z.strictObject({
      rope_type: z.literal("llama3"),
      factor: positive,
      low_freq_factor: positive,
      high_freq_factor: positive,
      original_max_position_embeddings: size,
      ...common,
    }),
    z.strictObject({
      rope_type: z.literal("yarn"),
      factor: positive,
      beta_fast: positive.nullish(),
      beta_slow: positive.nullish(),
      mscale: notNegative.nullish(), // 0 says nothing
      mscale_all_dim: notNegative.nullish(),
      truncate: z.boolean().nullish(),
      ...original,
      ...attention,
      ...common,
      // How it was trained, and a name of other programs for the attention factor.
      ...{ finetuned: unread, attn_factor: unread },
    }),
    z.strictObject({
      rope_type: z.literal("longrope"),
      short_factor: z.array(positive),
      long_factor: z.array(positive),
      factor: positive.nullish(),
      ...original,
      ...attention,
      ...common,
    }),
  ]);
  return z.preprocess(oneSpelling, kinds.nullish());
}

function oneSpelling(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const { type, rope_type: kind = type ?? "default", ...rest } = value as Record<string, unknown>;
  return { rope_type: kind === "su" ? "longrope" : kind, ...rest };
}

/** An empty `rope_scaling` says nothing; empty `rope_parameters` say that nothing is scaled. */
function emptyAsNull(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.keys(value).length === 0 ? null : value;
}

const fieldsWith = <P extends z.ZodType>(partial: P) => ({
  rope_theta: positive.nullish(),
  rope_scaling: z.preprocess(emptyAsNull, ropeParameters(partial)),
  rope_parameters: ropeParameters(partial),
  partial_rotary_factor: partial.nullish(),
  original_max_position_embeddings: size.nullish(),
});

/** The fields that describe rotation over whole heads, in both spellings. */
export const ropeFields = fieldsWith(z.literal(1));

/** The same where only a part of each head may turn. */
export const partialRopeFields = fieldsWith(share);

export type RopeFields = {
  [K in keyof typeof partialRopeFields]?: z.output<(typeof partialRopeFields)[K]>;
};
export type RopeParameters = NonNullable<RopeFields["rope_parameters"]>;

/** What a family's rotation depends on besides the rope fields. */
export interface RopeOptions {
  readonly headDim: number;
  /** The longest sequence of the config. */
  readonly maxPositions: number;
  /** The share of a head that turns where the config does not say. Default: 1. */
  readonly share?: number;
  /** The base where the config does not say. Default: 10000. */
  readonly base?: number;
  /** Default: false. */
  readonly interleaved?: boolean;
  /** In place of what the parameters say. */
  readonly scaling?: RopeScaling;
}

/** The parameters of a config; `rope_scaling` hides `rope_parameters` where a file has both. */
export function ropeParametersOf(fields: RopeFields): RopeParameters | undefined {
  return fields.rope_scaling ?? fields.rope_parameters ?? undefined;
}

/** The longest sequence before scaling; a field beside the parameters comes before theirs. */
function originalLength(fields: RopeFields, maxPositions: number): number {
  const inner = ropeParametersOf(fields)?.original_max_position_embeddings;
  return fields.original_max_position_embeddings ?? inner ?? maxPositions;
}

/** The rotation of a config, in halves unless told otherwise. */
export function describeRope(fields: RopeFields, options: RopeOptions): RopeConfig {
  const { headDim, maxPositions, interleaved = false } = options;
  const parameters = ropeParametersOf(fields);
  const turned =
    parameters?.partial_rotary_factor ?? fields.partial_rotary_factor ?? options.share ?? 1;
  const base = parameters?.rope_theta ?? fields.rope_theta ?? options.base ?? 10_000;
  const original = originalLength(fields, maxPositions);
  const scaling =
    options.scaling ?? (parameters && describeScaling(parameters, maxPositions, original));
  return { dims: Math.floor(headDim * turned), base, interleaved, ...(scaling && { scaling }) };
}

/** The longest sequence: files whose scaling was added later still name the length before it. */
export function longestSequence(
  fields: RopeFields & { readonly max_position_embeddings: number },
): number {
  const parameters = ropeParametersOf(fields);
  const plain = fields.max_position_embeddings;
  if (parameters?.rope_type !== "dynamic" && parameters?.rope_type !== "yarn") return plain;
  return Math.max(plain, Math.floor(originalLength(fields, plain) * parameters.factor));
}
