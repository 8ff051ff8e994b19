/** The description of a pair of encoders, of texts and of pictures, as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";
import type { PatchSizes } from "../vision/patches.js";

/** Layers of either encoder. */
export interface TowerConfig {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlp: { readonly hidden: number; readonly activation: PlainActivationName };
  readonly norm: NormConfig;
}

export interface ImageTextConfig {
  /** The width of embeddings, in which texts and pictures are compared. */
  readonly width: number;
  readonly text: TowerConfig & {
    readonly vocab: number;
    readonly maxPositions: number;
    /** The token at which a text is read off, the first of them; absent where it is the one with the highest number. */
    readonly endToken?: number;
  };
  readonly vision: TowerConfig & PatchSizes;
}
