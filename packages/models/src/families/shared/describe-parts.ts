/** A decoder's description, put together from its parts. */
import type {
  AttentionConfig,
  DecoderConfig,
  LayerConfig,
  MlpConfig,
  PlainActivationName,
} from "../../decoder/config/config.js";
import { type CommonConfig, readGiven } from "./part.js";
import type { GivenParts, ReadPart } from "./parts.js";
import { describeRope } from "./rope-json.js";

export function describeParts(parts: GivenParts, config: CommonConfig): DecoderConfig {
  const read: ReadPart = (name, layer = 0) => readGiven(parts[name], config, layer) as never;
  const norm = read("norm");
  return {
    ...describeEmbedding(read, config),
    layers: Array.from({ length: config.num_hidden_layers }, (_, layer) =>
      describeLayer((name) => read(name, layer), config.num_attention_heads),
    ),
    ...(read("finalNorm") && { finalNorm: norm }),
    head: {
      ...{ tied: read("tied"), bias: read("headBias") },
      ...defined({ scale: read("logitScale"), softCap: read("logitCap") }),
    },
  };
}

function describeEmbedding(read: ReadPart, config: CommonConfig) {
  return {
    vocab: config.vocab_size,
    hidden: config.hidden_size,
    learnedPositions: read("learnedPositions"),
    ...defined({
      maxPositions: read("maxPositions"),
      positionOffset: read("positionOffset"),
      embeddingWidth: read("embeddingWidth"),
      embeddingScale: read("embeddingScale"),
      embeddingNorm: read("embeddingNorm") ? read("norm") : undefined,
      bothWays: read("bothWays") || undefined,
      perLayer: read("perLayer") && { ...read("perLayer")!, norm: read("norm") },
    }),
  };
}

function describeLayer(read: ReadPart, heads: number): LayerConfig {
  const { inputNorm, postAttentionNorm, outputNorm, ...order } = read("block");
  const norm = read("norm");
  const write = defined({
    postNorm: read("normedWrites") ? norm : undefined,
    outputScale: read("outputScale"),
  });
  return {
    ...(inputNorm && { inputNorm: norm }),
    attention: { ...describeAttention(read, heads), ...write },
    ...(postAttentionNorm && { postAttentionNorm: norm }),
    mlp: { ...describeMlp(read), ...write, ...mlpScale(read) },
    ...(outputNorm && { outputNorm: norm }),
    ...embeddingWriteOf(read),
    ...order,
  };
}

/** What comes after the MLP. */
function embeddingWriteOf(read: ReadPart): Pick<LayerConfig, "embeddingWrite" | "learnedScale"> {
  const perLayer = read("perLayer");
  const activation = read("activation") as PlainActivationName; // no family with another has both
  return defined({
    embeddingWrite: perLayer && { width: perLayer.width, activation, norm: read("norm") },
    learnedScale: read("learnedScale"),
  });
}

function describeAttention(read: ReadPart, heads: number): AttentionConfig {
  const headDim = read("headDim");
  const bias = read("attentionBias");
  return {
    ...{ heads, kvHeads: read("kvHeads"), headDim },
    scale: read("scale") ?? headDim ** -0.5,
    qkvBias: read("qkvBias") ?? bias,
    outputBias: read("outputBias") ?? bias,
    ...defined({
      rope: rotationOf(read, headDim),
      queryKeyNorm: queryKeyNormOf(read),
      valueNorm: read("valueNorm"),
      valuesFromKeys: read("valuesFromKeys"),
      keysOf: read("keysOf"),
      alibi: read("alibi"),
      window: read("window"),
      clip: read("clip"),
      chunk: read("chunk"),
      temperature: read("temperature"),
      softCap: read("scoreCap"),
      sinks: read("sinks"),
      latent: read("latent"),
      outputGate: read("outputGate"),
    }),
  };
}

function rotationOf(read: ReadPart, headDim: number): AttentionConfig["rope"] {
  const rotation = read("rope");
  const { fields, ...options } = rotation ?? {};
  return (
    fields && describeRope(fields, { headDim, maxPositions: read("longest") ?? 0, ...options })
  );
}

function queryKeyNormOf(read: ReadPart): AttentionConfig["queryKeyNorm"] {
  const over = read("queryKeyNorm");
  return typeof over === "string" ? { norm: read("norm"), over } : over;
}

function describeMlp(read: ReadPart): MlpConfig {
  return {
    hidden: read("mlpWidth"),
    activation: read("activation"),
    gated: read("gated"),
    bias: read("mlpBias"),
    ...defined({ experts: read("experts"), preScale: read("mlpPreScale") }),
  };
}

const mlpScale = (read: ReadPart) => defined({ outputScale: read("mlpOutputScale") });

/** Without what is not there. */
function defined<T extends object>(parts: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(parts).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
