/** The description of a selective state-space model as plain data. */
import type { NormConfig } from "../decoder/config/config.js";

/** One mixer. */
export interface MixerConfig {
  /** Channels, each with a memory of its own. */
  readonly inner: number;
  /** Numbers a channel remembers. */
  readonly state: number;
  /** The rank of the projection that chooses each channel's step. */
  readonly stepRank: number;
  /** Tokens that the convolution sees, the present one included. */
  readonly kernel: number;
  readonly projectionBias: boolean;
  readonly convolutionBias: boolean;
}

/** Everything that distinguishes one Mamba from another. */
export interface MambaConfig {
  readonly vocab: number;
  readonly hidden: number;
  readonly layers: number;
  readonly norm: NormConfig;
  readonly mixer: MixerConfig;
  /** Whether half-precision models keep the residual stream in float32. */
  readonly residualInFloat32: boolean;
  /** `tied` reads logits off the transposed embedding matrix. */
  readonly head: { readonly tied: boolean };
}
