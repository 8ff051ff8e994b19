/** What a rollout is asked for, and what it gives. */
import type { ActivationCache } from "@mlxterp/core";
import type { Provenance } from "@mlxterp/results";
import type {
  FinishReason,
  GenerateBatchOptions,
  GenerateOptions,
  GenerationStep,
} from "./options.js";
import type { StepSaveOptions } from "./save-plan.js";

export interface RolloutOptions extends GenerateOptions {
  /** The activations to keep; every site must count positions. */
  readonly save: NonNullable<StepSaveOptions["save"]>;
}

export interface RolloutBatchOptions extends GenerateBatchOptions {
  /** The activations to keep; every site must count positions. */
  readonly save: NonNullable<StepSaveOptions["save"]>;
}

/** What `model.rollout` gives. */
export interface Rollout extends Disposable {
  /** The ids of the prompt, those of a prefix included. */
  readonly prompt: readonly number[];
  /** The generated ids. */
  readonly tokens: readonly number[];
  readonly text: string;
  readonly finish: FinishReason;
  /** Without activations. */
  readonly steps: readonly GenerationStep[];
  /**
   * By site, (1, position, …), of the tokens that were fed: the prompt and all generated tokens but the last. They are
   * those of one pass over these tokens. Rows of attention are as long as the last one, with 0 (in `scores`, a large
   * negative number) where a key was yet to come.
   */
  readonly activations: ActivationCache;
  /** The absolute position of each of the activations' positions. */
  readonly positions: readonly number[];
  /** Its `options.sampling` and `seed` say how tokens were chosen, as far as it was said. */
  readonly provenance: Provenance;
  /** Lets go of the activations. */
  dispose(): void;
}
