/** The description of a recurrent model as plain data: a decoder whose layers attend, remember, or do both. */
import type {
  AttentionConfig,
  DecoderConfig,
  MlpConfig,
  NormConfig,
} from "../decoder/config/config.js";
import type { MixerConfig } from "./mixers/config.js";

/** One layer. What it has of attention and mixer reads the same, behind one norm, and adds up. */
export interface RecurrentLayerConfig {
  readonly inputNorm: NormConfig;
  readonly attention?: AttentionConfig;
  /** Multiplies what attention reads. Default: 1. */
  readonly attentionInputScale?: number;
  readonly mixer?: MixerConfig;
  /** What the MLP reads; there where it is. */
  readonly postAttentionNorm?: NormConfig;
  readonly mlp?: MlpConfig;
}

/** Everything that distinguishes one recurrent model from another. */
export interface RecurrentConfig
  extends Pick<
    DecoderConfig,
    "vocab" | "hidden" | "maxPositions" | "embeddingScale" | "finalNorm" | "head"
  > {
  readonly layers: readonly RecurrentLayerConfig[];
  /** Whether half-precision models keep the residual stream in float32. Default: false. */
  readonly residualInFloat32?: boolean;
}
