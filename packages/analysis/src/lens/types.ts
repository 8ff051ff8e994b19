/** What a logit lens is asked and what it answers. */
import type { Answer } from "../answers.js";
import type { RunControl } from "../progress.js";
import type { PromptTokens, TokenText } from "../prompts.js";
import type { ResultProvenance } from "../provenance.js";

export interface LensOptions extends RunControl {
  /** Tokens listed in each cell. Default: 5. */
  readonly topK?: number;
  /** Layers after which to read; negative from the last. Default: the embedding and all layers. */
  readonly layers?: readonly number[];
  /** Positions to read at; negative from each prompt's own end. Default: all. */
  readonly positions?: readonly number[];
  /** A token to follow through all cells: one for all prompts, or one for each. */
  readonly answer?: Answer | readonly Answer[];
  /** Prompts in one pass. Default: 16. */
  readonly batchSize?: number;
}

/** A token that a cell predicts. */
export interface LensToken extends TokenText {
  readonly logit: number;
  readonly probability: number;
}

/** How the followed answer fares in a cell. */
export interface LensAnswer {
  readonly logit: number;
  readonly probability: number;
  /** 1 for the most likely token. */
  readonly rank: number;
}

/** What the residual stream at one layer and position says about the next token. */
export interface LensCell {
  /** The most likely tokens, best first. */
  readonly top: readonly LensToken[];
  /** Of the whole distribution, in nats: 0 is certain, ln(vocab) knows nothing. */
  readonly entropy: number;
  readonly answer?: LensAnswer;
}

/** One depth of the model. */
export interface LensRow {
  /** The site that was read: `layers.0.input` for the embedding, then `layers.0` … */
  readonly site: string;
  /** null for the embedding. */
  readonly layer: number | null;
  /** One for each position of the result. */
  readonly cells: readonly LensCell[];
}

export interface LensResult {
  readonly prompt: PromptTokens;
  /** Absolute positions of the columns. */
  readonly positions: readonly number[];
  /** From the embedding to the last layer. */
  readonly rows: readonly LensRow[];
  readonly answer?: TokenText;
  readonly provenance: ResultProvenance;
}
