/** The description of an encoder of pictures as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";

export interface VisionConfig {
  /** Rows and columns of pixels. */
  readonly height: number;
  readonly width: number;
  /** The side of the squares that a picture is cut into. */
  readonly patch: number;
  readonly channels: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlp: { readonly hidden: number; readonly activation: PlainActivationName };
  readonly norm: NormConfig;
  /** Whether queries, keys and values have biases. */
  readonly qkvBias: boolean;
  /** The names of what is told apart. */
  readonly labels: readonly string[];
}
