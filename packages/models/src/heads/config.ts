/** The description of heads that do something else than say which token comes, as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";
import type { PoolingName } from "./pooling.js";

/** A linear layer, what follows it, and perhaps a norm. */
export interface TransformConfig {
  readonly bias: boolean;
  readonly activation: PlainActivationName | "tanh";
  readonly norm?: NormConfig;
}

/** A classifier of whole texts, or of each of their tokens. */
export interface ClassifierConfig {
  readonly kind: "sequence" | "token";
  readonly labels: readonly string[];
  /** What of a text is classified; of tokens nothing is pooled. */
  readonly pooling?: PoolingName;
  /** With `last`: pads that a text itself ends with are passed over, as in `transformers`. */
  readonly padToken?: number;
  /** What stands before the classifier. */
  readonly transform?: TransformConfig;
  readonly bias: boolean;
}

/** A linear layer behind what was pooled. */
export interface EmbeddingLayerConfig {
  readonly from: number;
  readonly to: number;
  readonly bias: boolean;
  readonly activation: "none" | "tanh" | PlainActivationName;
}

/** How one vector is made of a text. */
export interface EmbeddingConfig {
  readonly kind: "embedding";
  /** One or more, which then lie one behind the other. */
  readonly pooling: readonly PoolingName[];
  readonly layers: readonly EmbeddingLayerConfig[];
  /** Whether vectors have length 1. */
  readonly normalized: boolean;
  /** What may stand before a text, by name. */
  readonly prompts: Readonly<Record<string, string>>;
  readonly defaultPrompt?: string;
}

export type HeadConfig = ClassifierConfig | EmbeddingConfig;
