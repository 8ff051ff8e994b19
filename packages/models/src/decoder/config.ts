/** The description of a decoder: everything that distinguishes one architecture from another, as plain data. */
import { z } from "zod";
import { InvalidDecoderConfigError } from "../errors.js";

const size = z.int().positive();

/** The nonlinearities of the MLPs. */
export const activationNames = [
  "gelu",
  "geluTanh",
  "geluQuick",
  "relu",
  "reluSquared",
  "silu",
] as const;
export type ActivationName = (typeof activationNames)[number];

const norm = z.strictObject({
  /** `rms` divides by the root mean square, `layer` also subtracts the mean. */
  kind: z.enum(["rms", "layer"]),
  /** Added under the root. */
  epsilon: z.number().positive(),
  /** Whether the norm adds a learned vector. */
  bias: z.boolean(),
});

/** How the rotation frequencies of a checkpoint differ from the plain `base^(-2i / dims)`. */
const ropeScaling = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("linear"), factor: z.number().positive() }),
  z.strictObject({
    kind: z.literal("llama3"),
    factor: z.number().positive(),
    lowFrequencyFactor: z.number().positive(),
    highFrequencyFactor: z.number().positive(),
    originalMaxPositions: size,
  }),
]);

const rope = z.strictObject({
  /** How many of the head's dimensions turn; the rest pass unchanged. */
  dims: size,
  base: z.number().positive(),
  /** Whether neighbours (2i, 2i + 1) form a pair; otherwise i and i + dims / 2 do. */
  interleaved: z.boolean(),
  scaling: ropeScaling.optional(),
});

const attention = z.strictObject({
  heads: size,
  kvHeads: size,
  headDim: size,
  /** What scores are multiplied by; usually `headDim ** -0.5`. */
  scale: z.number(),
  qkvBias: z.boolean(),
  outputBias: z.boolean(),
  rope: rope.optional(),
});

const mlp = z.strictObject({
  hidden: size,
  activation: z.enum(activationNames),
  /** Whether a second, linear branch multiplies the activations. */
  gated: z.boolean(),
  bias: z.boolean(),
});

const layer = z.strictObject({ inputNorm: norm, attention, postAttentionNorm: norm, mlp });

const decoder = z.strictObject({
  vocab: size,
  hidden: size,
  /** The longest sequence, in tokens; absent when there is no limit. */
  maxPositions: size.optional(),
  /** Learned absolute positions are added to the embeddings. Needs `maxPositions`, its number of rows. */
  learnedPositions: z.boolean(),
  /** One description per layer: layers may differ. */
  layers: z.array(layer).min(1),
  finalNorm: norm,
  /** `tied` reads logits off the transposed embedding matrix. */
  head: z.strictObject({ tied: z.boolean(), bias: z.boolean() }),
});

export type NormConfig = z.infer<typeof norm>;
export type RopeScaling = z.infer<typeof ropeScaling>;
export type RopeConfig = z.infer<typeof rope>;
export type AttentionConfig = z.infer<typeof attention>;
export type MlpConfig = z.infer<typeof mlp>;
export type LayerConfig = z.infer<typeof layer>;
export type DecoderConfig = z.infer<typeof decoder>;

/** What the fields must satisfy together; the message of the first rule that is broken. */
function brokenRule(config: DecoderConfig): string | undefined {
  if (config.learnedPositions && config.maxPositions === undefined) {
    return "learnedPositions needs maxPositions";
  }
  if (config.head.tied && config.head.bias) return "a tied head has no bias of its own";
  for (const [index, { attention }] of config.layers.entries()) {
    const where = `layers.${index}.attention`;
    if (attention.heads % attention.kvHeads !== 0) {
      return `${where}: ${attention.heads} heads cannot share ${attention.kvHeads} key/value heads evenly`;
    }
    const turned = attention.rope?.dims ?? 0;
    if (turned % 2 !== 0 || turned > attention.headDim) {
      return `${where}.rope.dims: ${turned} must be even and at most headDim = ${attention.headDim}`;
    }
  }
  return undefined;
}

/**
 * Checks a description completely; an unknown field is an error, never ignored.
 *
 * @throws InvalidDecoderConfigError (`INVALID_DECODER_CONFIG`)
 */
export function checkDecoderConfig(value: unknown): DecoderConfig {
  const parsed = decoder.safeParse(value);
  if (!parsed.success) throw new InvalidDecoderConfigError(z.prettifyError(parsed.error));
  const broken = brokenRule(parsed.data);
  if (broken) throw new InvalidDecoderConfigError(broken);
  return parsed.data;
}
