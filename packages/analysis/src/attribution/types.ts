/** What direct logit attribution is asked and what it answers. */
import type { Answer } from "../answers.js";
import type { RunControl } from "../progress.js";
import type { ResultProvenance } from "../provenance.js";
import type { Question } from "../questions.js";

export interface AttributionOptions extends RunControl {
  /** Whose logit is explained: one for all prompts, or one for each. */
  readonly answer: Answer | readonly Answer[];
  /** What its logit is compared with. Without it the answer's own logit is explained. */
  readonly wrongAnswer?: Answer | readonly Answer[];
  /** Prompts in one pass. Default: 16. */
  readonly batchSize?: number;
}

/** Contributions to the logit (difference), in logits; all of them sum to `total`. */
export interface Attribution {
  /** What the model's last position says. */
  readonly total: number;
  /** The input of layer 0: token and, where they are learned, position embeddings. */
  readonly embedding: number;
  /** [layer][head] */
  readonly heads: readonly (readonly number[])[];
  /** By layer: what attention adds beyond its heads, such as the output bias. */
  readonly attentionRest: readonly number[];
  /** By layer. */
  readonly mlps: readonly number[];
  /** The final norm's bias. */
  readonly normBias: number;
  /** The unembedding's bias, and what a soft cap on the logits bends. */
  readonly unembeddingRest: number;
}

/** One prompt's attribution. */
export type PromptAttribution = Attribution & Question;

/** The mean over prompts, and each prompt. */
export interface AttributionResult extends Attribution {
  readonly prompts: readonly PromptAttribution[];
  readonly provenance: ResultProvenance;
}
