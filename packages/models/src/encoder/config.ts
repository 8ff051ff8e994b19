/** The description of a bidirectional encoder as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";

/** Everything that distinguishes one BERT from another. */
export interface BertConfig {
  readonly vocab: number;
  readonly hidden: number;
  /** The longest sequence, in tokens. */
  readonly maxPositions: number;
  /** Kinds of tokens, such as first and second sentence. */
  readonly tokenTypes: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlp: { readonly hidden: number; readonly activation: PlainActivationName };
  readonly norm: NormConfig;
  /** The nonlinearity of the masked-language-model head. */
  readonly headActivation: PlainActivationName;
}
