/** The description of an encoder and a decoder that reads it, as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";

export interface EncoderDecoderConfig {
  readonly vocab: number;
  readonly hidden: number;
  readonly encoderLayers: number;
  readonly decoderLayers: number;
  readonly heads: number;
  readonly headDim: number;
  readonly mlp: {
    readonly hidden: number;
    readonly activation: PlainActivationName;
    readonly gated: boolean;
  };
  readonly norm: NormConfig;
  /** Distances share learned biases: near ones have each their own, farther ones by their logarithm. */
  readonly distances: {
    /** How many biases each head has; in the encoder half of them are for what comes later. */
    readonly buckets: number;
    /** From here on all distances are one. */
    readonly farthest: number;
  };
  readonly head: {
    /** Reads logits off the transposed embedding matrix. */
    readonly tied: boolean;
    /** Multiplies what logits are read off. Default: 1. */
    readonly inputScale?: number;
  };
  /** The token that every written text begins with. */
  readonly startToken: number;
}
