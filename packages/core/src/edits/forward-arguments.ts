/** The arguments of a forward after the ids, which a model may make from the batch of prompts. */
import type { Interventions } from "../pass/intervention.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { NamedEdit } from "./edit.js";

/** What changes a pass: a memory of earlier tokens holds only under the same. */
export interface PassChanges {
  /** Of the model's view. */
  readonly edits: readonly NamedEdit[];
  /** Of the call. */
  readonly interventions: Interventions | undefined;
}

/** See `InterpretableOptions.forwardArguments`. */
export type ForwardArguments = (
  tokens: TokenBatch,
  given: readonly unknown[],
  changes: PassChanges,
) => readonly unknown[];
