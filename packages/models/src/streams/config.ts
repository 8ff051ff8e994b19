/** The description of a decoder whose residual stream is several, of which one passes through the layers, as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";
import type { RopeConfig } from "../decoder/config/rope-config.js";

export interface StreamsLayerConfig {
  readonly rope: RopeConfig;
  /** A query sees this many keys, itself included. Absent: all before it. */
  readonly window?: number;
  /** The earlier layer whose keys and values are read; absent where the layer has its own. */
  readonly keysOf?: number;
  readonly mlpHidden: number;
  /** The share of neurons that are off, as if what enters them were normally distributed. Default: 0. */
  readonly sparsity?: number;
}

export interface StreamsConfig {
  readonly vocab: number;
  readonly hidden: number;
  readonly maxPositions: number;
  readonly embeddingScale: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly bias: boolean;
  readonly activation: PlainActivationName;
  readonly norm: NormConfig;
  readonly layers: readonly StreamsLayerConfig[];
  /** How many streams there are; the first passes through the layers. */
  readonly streams: number;
  /** Whether the first one is multiplied by a learned vector before inputs of layers are added to the others. */
  readonly scalesCorrected: boolean;
  readonly laurelRank: number;
  /** Each layer has an embedding of its own of every token: of how many tokens, and how wide. */
  readonly perLayer: { readonly vocab: number; readonly width: number };
  readonly head: { readonly tied: boolean; readonly softCap?: number };
}
