/** What head ablation is asked and what it answers. */
import type { Answer } from "../answers.js";
import type { Metric } from "../metrics.js";
import type { RunControl } from "../progress.js";
import type { ManyPrompts, OnePrompt } from "../prompts.js";
import type { ResultProvenance } from "../provenance.js";
import type { Question } from "../questions.js";

/** What takes the place of a head's mix of values. */
export type AblationMethod = "mean" | "zero";

/** A head by its layer and its number in it; both may count from the end. */
export type HeadAddress = readonly [layer: number, head: number];

export interface AblationOptions extends RunControl {
  readonly prompts: OnePrompt | ManyPrompts;
  /** One for all prompts, or one for each. */
  readonly answer: Answer | readonly Answer[];
  readonly wrongAnswer?: Answer | readonly Answer[];
  /** All of them are ablated together. */
  readonly heads: readonly HeadAddress[];
  /** Default: `mean`, over all prompts and positions. */
  readonly method?: AblationMethod;
  /** Prompts over which the mean is taken. Default: the prompts themselves. */
  readonly reference?: ManyPrompts;
  /** Default: the logit difference if there is a wrong answer, else the log probability. */
  readonly metric?: Metric;
  /** Prompts in one pass. Default: 16. */
  readonly batchSize?: number;
}

/** The metric before or after. */
export interface AblationScores {
  readonly mean: number;
  readonly perPrompt: readonly number[];
}

export interface AblationResult {
  readonly heads: readonly HeadAddress[];
  readonly method: AblationMethod;
  readonly metric: string;
  readonly baseline: AblationScores;
  readonly ablated: AblationScores;
  readonly prompts: readonly Question[];
  readonly provenance: ResultProvenance;
}
