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
  const ids = prefix ? continuations(model, prompt) : model.tokens(prompt).ids;
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
 * The ids of every prompt; after a prefix without special tokens, and perhaps none at all.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
 */
export function allPrompts(
  model: GenerativeModel,
  prompts: Prompt,
  prefix?: PromptPrefix,
): readonly (readonly number[])[] {
  const ids = prefix ? continuations(model, prompts) : model.tokens(prompts).ids;
  for (const prompt of ids) requireRoom(model, (prefix?.length ?? 0) + prompt.length, prompts);
  const empty = ids.findIndex((prompt) => prompt.length === 0);
  if (empty < 0 || ids.every((prompt) => prompt.length === 0)) return ids;
  const rule = `Prompt ${empty} adds nothing to the prefix while others do. Continue those without addition by themselves.`;
  throw new InvalidPromptError(rule, prompts);
}

/** What is added to a prefix, which for a text or a list of ids may be nothing. */
function continuations(model: GenerativeModel, prompts: Prompt): readonly (readonly number[])[] {
  const { tokenizer } = model;
  const plain = (text: unknown) =>
    typeof text === "string" && tokenizer
      ? tokenizer.encode(text, { addSpecialTokens: false })
      : text;
  const given = Array.isArray(prompts) ? prompts.map(plain) : plain(prompts);
  if (isNothing(given)) return [[]];
  if (Array.isArray(given) && given.every(isNothing)) return given.map(() => []);
  if (!(Array.isArray(given) && given.some(isNothing))) return model.tokens(given as Prompt).ids;
  const ids = model.tokens(given.filter((prompt) => !isNothing(prompt))).ids.values();
  return given.map((prompt) => (isNothing(prompt) ? [] : (ids.next().value ?? [])));
}

function isNothing(prompt: unknown): boolean {
  const isList = Array.isArray(prompt) || ArrayBuffer.isView(prompt);
  return isList && (prompt as ArrayLike<unknown>).length === 0;
}

function requireRoom(model: GenerativeModel, length: number, prompt: Prompt): void {
  const { maxPositions } = model.anatomy;
  if (maxPositions === undefined || length < maxPositions) return;
  const rule = `The prompt takes ${length} of the ${maxPositions} positions of this model, so nothing can follow. Shorten it.`;
  throw new InvalidPromptError(rule, prompt);
}
