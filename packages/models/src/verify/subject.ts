/** What a verification runs on: one model, and the prompts its invariants need. */
import type { InterpretableModelCore, Prompt } from "@mlxterp/core";
import type { Decoder } from "../decoder/model/decoder.js";

/** A model with the prompts, derived from one, on which it is checked. */
export interface Subject {
  readonly model: InterpretableModelCore<Decoder>;
  /** The prompt itself. */
  readonly ids: readonly number[];
  /** Other tokens, equally many: what a patch starts from. */
  readonly other: readonly number[];
  /** Fewer tokens: what gets padded in a batch with the prompt. */
  readonly short: readonly number[];
}

const defaultLength = 12;

/**
 * The prompts of a verification.
 *
 * @param prompt one prompt; by default some token ids spread over the vocabulary
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
 */
export function subjectOf(model: InterpretableModelCore<Decoder>, prompt?: Prompt): Subject {
  const ids = model.tokens(prompt ?? spreadIds(model)).ids[0];
  return {
    model,
    ids,
    other: [...ids.slice(1), ids[0]],
    short: ids.slice(0, Math.ceil(ids.length / 2)),
  };
}

/** The same ids every time, and neighbours far apart, so that no two checks agree by accident. */
function spreadIds({ anatomy }: InterpretableModelCore<Decoder>): number[] {
  const { vocab, maxPositions = defaultLength } = anatomy;
  const length = Math.min(defaultLength, maxPositions);
  return Array.from({ length }, (_, index) => (index * index * 7919 + index * 104_729 + 1) % vocab);
}
