/** The description of a decoder: everything that distinguishes one architecture from another, as plain data. */
import { z } from "zod";
import { expertsSchema } from "./experts-config.js";
import { type NormConfig, normSchema as norm } from "./norm-config.js";
import { ropeSchema } from "./rope-config.js";

const size = z.int().positive();

/** The nonlinearities of the MLPs. */
export const activationNames = [
  "gelu",
  "geluTanh",
  "geluQuick",
  "relu",
  "reluSquared",
  "silu",
  "xielu",
] as const;
export type ActivationName = (typeof activationNames)[number];
/** Those whose shape is not learned. */
export type PlainActivationName = Exclude<ActivationName, "xielu">;

/** Normalisation of queries and keys, before rotation unless told otherwise. */
const queryKeyNorm = z.strictObject({
  norm,
  /**
   * `head` normalises every head, all with one weight; `eachHead` likewise, each head with a weight of its own;
   * `width` normalises all heads together, before they are split.
   */
  over: z.enum(["head", "eachHead", "width"]),
  /** Whether heads are normalised once they are turned. Default: false. */
  afterRotation: z.boolean().optional(),
});

/** A bias on the scores that grows with the key's position, in place of other positions. */
const alibi = z.strictObject({
  /** Multiplies the usual slopes. */
  factor: z.number().positive(),
  /** Whether slopes and biases are rounded to bfloat16, as in Falcon. */
  rounded: z.boolean(),
});

/** What happens to a sub-module's output before it is added to the residual stream. */
const write = {
  postNorm: norm.optional(),
  /** Multiplies the output. Default: 1. */
  outputScale: z.number().optional(),
};

const latent = z.strictObject({
  /** The width of the vector that queries are read from; absent where they are read from the residual stream. */
  queryRank: size.optional(),
  /** The width of the vector that keys and values are read from. */
  keyValueRank: size,
  /** How many of a head's dimensions turn: its last ones, and all that `rope.dims` may name. */
  rotaryDim: size,
  /** The width of a head's values. */
  valueDim: size,
  /** Of the narrow vectors. */
  norm,
});

const attention = z.strictObject({
  heads: size,
  kvHeads: size,
  headDim: size,
  /** What scores are multiplied by; usually `headDim ** -0.5`. */
  scale: z.number(),
  qkvBias: z.boolean(),
  outputBias: z.boolean(),
  rope: ropeSchema.optional(),
  queryKeyNorm: queryKeyNorm.optional(),
  /** Of each head's values. */
  valueNorm: norm.optional(),
  /** Whether values are read off the projection of the keys, before these are normalised. Default: false. */
  valuesFromKeys: z.boolean().optional(),
  /** The earlier layer whose keys and values are read; absent where the layer has its own. */
  keysOf: z.int().nonnegative().optional(),
  /** Queries, keys and values are cut off at plus and minus this. */
  clip: z.number().positive().optional(),
  /** A query sees this many keys, itself included. Absent: all before it. */
  window: size.optional(),
  /** A query sees the keys of its own chunk of so many positions, up to itself. Excludes `window`. */
  chunk: size.optional(),
  /** Multiplies turned queries by `1 + scale · log(1 + ⌊(position + 1) / length⌋)`. */
  temperature: z.strictObject({ scale: z.number(), length: size }).optional(),
  /** Scores become `softCap · tanh(scores / softCap)` before they are masked. */
  softCap: z.number().positive().optional(),
  alibi: alibi.optional(),
  /** Whether each head has a learned score that belongs to no key and takes its part of the softmax. */
  sinks: z.boolean().optional(),
  /** Whether each head's mix of values is multiplied by the sigmoid of a linear branch before it is written. */
  outputGate: z.boolean().optional(),
  /** Reads queries, keys and values from narrow vectors. `headDim` is then the width of queries and keys. */
  latent: latent.optional(),
  ...write,
});

const mlp = z.strictObject({
  hidden: size,
  activation: z.enum(activationNames),
  /** Whether a second, linear branch multiplies the activations. */
  gated: z.boolean(),
  bias: z.boolean(),
  /** Multiplies what enters the nonlinearity. Default: 1. */
  preScale: z.number().optional(),
  /** Makes it a mixture of experts; all else then describes one of them. */
  experts: expertsSchema.optional(),
  ...write,
});

/** A third write of a layer: of its own embedding of each token, let through by what the stream holds. */
const embeddingWrite = z.strictObject({
  width: size,
  activation: z.enum(activationNames).exclude(["xielu"]),
  /** Of what is added. */
  norm,
});

const layer = z.strictObject({
  /** What attention reads; absent where it reads the residual stream itself. */
  inputNorm: norm.optional(),
  attention,
  /** What the MLP reads; absent where it reads the residual stream itself or, in a parallel layer, what attention reads. */
  postAttentionNorm: norm.optional(),
  mlp,
  /** Whether the MLP reads the layer's input, as attention does, rather than the residual stream after it. */
  parallel: z.boolean().optional(),
  /**
   * Attention and the MLP add to what they read, the stream as `inputNorm` and `postAttentionNorm` have it, rather than to
   * the residual stream before it.
   */
  addsToNormalized: z.boolean().optional(),
  /**
   * Normalises the residual stream itself, after the MLP is added. `postAttentionNorm` then does so after attention is
   * added, and there is no `inputNorm`.
   */
  outputNorm: norm.optional(),
  /** After the MLP. Needs `perLayer` of the decoder, of the same width. */
  embeddingWrite: embeddingWrite.optional(),
  /** Whether the residual stream is multiplied by a learned number after all writes. Default: false. */
  learnedScale: z.boolean().optional(),
});

export const decoderSchema = z.strictObject({
  vocab: size,
  hidden: size,
  /** The longest sequence, in tokens; absent when there is no limit. */
  maxPositions: size.optional(),
  /** Learned absolute positions are added to the embeddings. Needs `maxPositions`, its number of rows. */
  learnedPositions: z.boolean(),
  /** The row of the first position; that many rows come on top of `maxPositions`. Default: 0. */
  positionOffset: size.optional(),
  /** The width of token embeddings and of what logits are read off, where matrices lead from and to it. Default: `hidden`. */
  embeddingWidth: size.optional(),
  /** Multiplies token embeddings. Default: 1. */
  embeddingScale: z.number().optional(),
  /** Normalises embeddings before the first layer. */
  embeddingNorm: norm.optional(),
  /** Whether tokens also see what comes after them; a window then reaches as far to that side. Default: false. */
  bothWays: z.boolean().optional(),
  /** An embedding of every token for each layer, beside the common one. */
  perLayer: z.strictObject({ vocab: size, width: size, norm }).optional(),
  /** One description per layer: layers may differ. */
  layers: z.array(layer).min(1),
  /** Absent where logits are read off the residual stream itself. */
  finalNorm: norm.optional(),
  head: z.strictObject({
    /** Reads logits off the transposed embedding matrix. */
    tied: z.boolean(),
    bias: z.boolean(),
    /** Multiplies logits. Default: 1. */
    scale: z.number().optional(),
    /** Logits become `softCap · tanh(logits / softCap)`, after `scale`. */
    softCap: z.number().positive().optional(),
  }),
});

export type { NormConfig };
export type QueryKeyNormConfig = z.infer<typeof queryKeyNorm>;
export type AlibiConfig = z.infer<typeof alibi>;
export type LatentConfig = z.infer<typeof latent>;
export type AttentionConfig = z.infer<typeof attention>;
export type EmbeddingWriteConfig = z.infer<typeof embeddingWrite>;
export type MlpConfig = z.infer<typeof mlp>;
export type LayerConfig = z.infer<typeof layer>;
export type DecoderConfig = z.infer<typeof decoderSchema>;
