/** The parts that families differ in, each with what it is about. */
import type {
  ActivationName,
  AlibiConfig,
  AttentionConfig,
  LatentConfig,
  LayerConfig,
  NormConfig,
  QueryKeyNormConfig,
} from "../../decoder/config/config.js";
import type { ExpertsConfig } from "../../decoder/config/experts-config.js";
import type { Given } from "./part.js";
import type { RopeFields, RopeOptions } from "./rope-json.js";

/** The norms of a layer, all of one kind, and how its halves follow each other. */
export interface Block {
  readonly inputNorm?: boolean;
  readonly postAttentionNorm?: boolean;
  readonly outputNorm?: boolean;
  readonly parallel?: boolean;
  readonly addsToNormalized?: boolean;
}

/** Rotary positions of one layer. */
export interface Rotation extends Omit<RopeOptions, "maxPositions" | "headDim"> {
  readonly fields: RopeFields;
  /** Default: the whole head. */
  readonly headDim?: number;
}

/** A decoder, part by part; those that are undefined are not there, or follow from the others. */
export interface DecoderParts {
  /** The longest sequence that the file names, before rope scaling. */
  readonly longest: number | undefined;
  readonly maxPositions: number | undefined;
  readonly learnedPositions: boolean;
  readonly positionOffset: number | undefined;
  readonly embeddingWidth: number | undefined;
  readonly embeddingScale: number | undefined;
  readonly embeddingNorm: boolean;
  readonly finalNorm: boolean;
  /** Whether tokens see what comes after them. */
  readonly bothWays: boolean;
  readonly tied: boolean;
  readonly headBias: boolean;
  readonly logitScale: number | undefined;
  readonly logitCap: number | undefined;

  readonly norm: NormConfig;
  readonly block: Block;
  /** Whether what attention and the MLP write is normalised. */
  readonly normedWrites: boolean;
  /** Multiplies what they write. */
  readonly outputScale: number | undefined;

  readonly kvHeads: number;
  readonly headDim: number;
  /** Default: `headDim ** -0.5`. */
  readonly scale: number | undefined;
  readonly attentionBias: boolean;
  /** Default: `attentionBias`. */
  readonly qkvBias: boolean | undefined;
  readonly outputBias: boolean | undefined;
  readonly rope: Rotation | undefined;
  readonly alibi: AlibiConfig | undefined;
  readonly window: number | undefined;
  /** Where the norm is not the layers', the whole description. */
  readonly queryKeyNorm: QueryKeyNormConfig["over"] | QueryKeyNormConfig | undefined;
  readonly valueNorm: AttentionConfig["valueNorm"];
  readonly valuesFromKeys: AttentionConfig["valuesFromKeys"];
  readonly keysOf: AttentionConfig["keysOf"];
  readonly clip: number | undefined;
  readonly scoreCap: number | undefined;
  readonly chunk: number | undefined;
  readonly temperature: AttentionConfig["temperature"];
  readonly sinks: AttentionConfig["sinks"];
  readonly latent: LatentConfig | undefined;
  readonly outputGate: AttentionConfig["outputGate"];

  /** An embedding of every token for each layer, and whether layers write what they make of theirs. */
  readonly perLayer: { readonly vocab: number; readonly width: number } | undefined;
  readonly learnedScale: LayerConfig["learnedScale"];

  readonly mlpWidth: number;
  readonly activation: ActivationName;
  readonly gated: boolean;
  readonly mlpBias: boolean;
  readonly experts: ExpertsConfig | undefined;
  /** Of what enters the MLP's nonlinearity. */
  readonly mlpPreScale: number | undefined;
  /** Of what the MLP writes. Default: `outputScale`. */
  readonly mlpOutputScale: number | undefined;
}

export type GivenParts = { readonly [K in keyof DecoderParts]: Given<DecoderParts[K]> };

/** Reads one part in one layer. */
export type ReadPart = <K extends keyof DecoderParts>(name: K, layer?: number) => DecoderParts[K];
