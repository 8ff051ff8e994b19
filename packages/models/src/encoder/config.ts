/** The description of a bidirectional encoder as plain data. */
import type { NormConfig, PlainActivationName } from "../decoder/config/config.js";

/** Everything that distinguishes one BERT from another. */
export interface BertConfig {
  readonly vocab: number;
  readonly hidden: number;
  /** The longest sequence, in tokens. */
  readonly maxPositions: number;
  /** Kinds of tokens, such as first and second sentence; 0 where an encoder knows none. */
  readonly tokenTypes: number;
  /**
   * Positions begin at the row after this token's number, and the token itself is not counted, as in RoBERTa. Absent:
   * they count all tokens from row 0.
   */
  readonly padToken?: number;
  readonly layers: number;
  readonly heads: number;
  readonly mlp: { readonly hidden: number; readonly activation: PlainActivationName };
  readonly norm: NormConfig;
  /** The nonlinearity of the masked-language-model head. */
  readonly headActivation: PlainActivationName;
}
