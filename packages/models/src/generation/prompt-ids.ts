/** From what a user calls a prompt to checked ids with room for more. */
import { InvalidPromptError, type Prompt } from "@mlxterp/core";
import type { GenerativeModel } from "./generative-model.js";
import type { PromptPrefix } from "./prefix.js";

/**
 * The ids of the only prompt; after a prefix without special tokens, and perhaps none at all.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
 */
export function onePrompt(
  model: GenerativeModel,
  prompt: Prompt,
  prefix?: PromptPrefix,
): readonly number[] {
  const given = prefix ? continuation(model, prompt) : prompt;
  const ids = given === undefined ? [[]] : model.tokens(given).ids;
  if (ids.length !== 1) {
    throw new InvalidPromptError(
      `This continues one prompt, but was given ${ids.length}. Use generateBatch, or call it once for each.`,
      prompt,
    );
  }
  requireRoom(model, (prefix?.length ?? 0) + ids[0].length, prompt);
  return ids[0];
}

/**
 * The ids of every prompt.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
 */
export function allPrompts(
  model: GenerativeModel,
  prompts: Prompt,
): readonly (readonly number[])[] {
  const { ids } = model.tokens(prompts);
  for (const prompt of ids) requireRoom(model, prompt.length, prompts);
  return ids;
}

/** What is added to a prefix; undefined for nothing. */
function continuation({ tokenizer }: GenerativeModel, prompt: Prompt): Prompt | undefined {
  const plain =
    typeof prompt === "string" && tokenizer
      ? tokenizer.encode(prompt, { addSpecialTokens: false })
      : prompt;
  return (plain as ArrayLike<unknown>).length === 0 ? undefined : plain;
}

function requireRoom(model: GenerativeModel, length: number, prompt: Prompt): void {
  const { maxPositions } = model.anatomy;
  if (maxPositions === undefined || length < maxPositions) return;
  const rule = `The prompt takes ${length} of the ${maxPositions} positions of this model, so nothing can follow. Shorten it.`;
  throw new InvalidPromptError(rule, prompt);
}
