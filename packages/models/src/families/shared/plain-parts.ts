/** The parts of a plain Llama, and of GPT-2: what a family has where it says nothing else. */
import { size } from "./config-json.js";
import { layerNorm, normedReads, rmsNorm } from "./norms.js";
import { type CommonConfig, computed, count, flag, nonlinearity, part } from "./part.js";
import type { GivenParts } from "./parts.js";
import { rotary, scaledLength } from "./rope-parts.js";

/** The fields that every decoder has. */
export const sizeFields = {
  vocab_size: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
};

/** What a head gets of the residual stream's width. */
export const evenShare = ({ hidden_size: hidden, num_attention_heads: heads }: CommonConfig) =>
  Math.floor(hidden / heads);

/** The width of heads where a file does not say; null, as it says, is an even share. */
export const headWidth = (width: number) =>
  part(
    () => ({ head_dim: size.nullable().default(width) }),
    (config) => config.head_dim ?? evenShare(config),
  );

const headCount = ({ num_attention_heads: heads }: CommonConfig) => heads;

/** The MLP's width, four times the residual stream's where the file does not say. */
export const fourfold = (name: string) =>
  part(
    () => ({ [name]: size.nullish() }),
    (config) => (Reflect.get(config, name) as number | null | undefined) ?? 4 * config.hidden_size,
  );

/** The parts that few families have. */
const absent = {
  ...{ positionOffset: undefined, embeddingWidth: undefined, embeddingScale: undefined },
  ...{ embeddingNorm: false, logitScale: undefined, logitCap: undefined, headBias: false },
  ...{ normedWrites: false, outputScale: undefined, scale: undefined, window: undefined },
  ...{ qkvBias: undefined, outputBias: undefined, queryKeyNorm: undefined, alibi: undefined },
  ...{
    ...{ clip: undefined, chunk: undefined, temperature: undefined },
    scoreCap: undefined,
    sinks: undefined,
    latent: undefined,
    outputGate: undefined,
  },
  ...{ valueNorm: undefined, valuesFromKeys: undefined, keysOf: undefined },
  ...{ perLayer: undefined, learnedScale: undefined },
  ...{ experts: undefined, mlpPreScale: undefined, mlpOutputScale: undefined },
};

export const llamaParts: GivenParts = {
  ...absent,
  longest: count("max_position_embeddings", 2048),
  maxPositions: scaledLength,
  learnedPositions: false,
  bothWays: false,
  finalNorm: true,
  tied: flag("tie_word_embeddings", false),
  norm: rmsNorm(1e-6),
  block: normedReads,
  kvHeads: part(
    () => ({ num_key_value_heads: size.nullish() }),
    (config) => config.num_key_value_heads ?? config.num_attention_heads,
  ),
  headDim: part(
    () => ({ head_dim: size.nullish() }),
    (config) => config.head_dim ?? evenShare(config),
  ),
  attentionBias: flag("attention_bias", false),
  rope: rotary(),
  mlpWidth: part(
    () => ({ intermediate_size: size }),
    (config) => config.intermediate_size,
  ),
  activation: nonlinearity("hidden_act", "silu"),
  gated: true,
  mlpBias: false,
};

export const gptParts: GivenParts = {
  ...llamaParts,
  learnedPositions: true,
  tied: flag("tie_word_embeddings", true),
  norm: layerNorm("layer_norm_epsilon"),
  kvHeads: computed(headCount),
  headDim: computed(evenShare),
  attentionBias: true,
  rope: undefined,
  mlpWidth: fourfold("intermediate_size"),
  activation: nonlinearity("activation_function", "geluTanh"),
  gated: false,
  mlpBias: true,
};
