/** The prompt of an invocation, and the tokens it became: what was fed is always shown. */

import type { LanguageModel } from "@mlxterp/models";
import { type Block, tokenTexts, visibleToken } from "@mlxterp/results";
import { UsageError } from "./failure.js";
import { parseIds } from "./options.js";
import { warnOfUnknown } from "./unknown-words.js";

/** One prompt: a text, or token ids. */
export type CliPrompt = string | readonly number[];

/** Shown off when no prompt is given; its words are in the vocabulary of the model that comes along. */
export const exampleSentences = {
  clean: "Mary and John went to the park . John gave a ball to",
  corrupted: "Mary and John went to the park . Mary gave a ball to",
  answer: "Mary",
  wrong: "John",
} as const;

interface PromptInput {
  readonly prompt: string | undefined;
  readonly tokens?: readonly number[];
  readonly model: string | undefined;
}

/** Whether the examples may stand in for a missing prompt. */
export function isTiny(model: string | undefined): boolean {
  return model === undefined || model === "tiny";
}

/** @throws UsageError for no prompt, or two; told before a model is loaded */
export function requirePrompt({ prompt, tokens, model }: PromptInput): CliPrompt {
  if (prompt !== undefined && tokens !== undefined) {
    throw new UsageError("Give the prompt as text or as --tokens, not both.");
  }
  const given = tokens ?? prompt;
  if (given !== undefined) return given;
  if (isTiny(model)) return exampleSentences.clean;
  throw new UsageError(
    'Give a prompt, as text in quotes ("Once upon a time") or as --tokens 1,2,3.',
  );
}

export interface PromptReading {
  /** Whether a text is a user's turn. */
  readonly chat: boolean;
  warn(text: string): void;
}

/**
 * The prompt as the model can take it: without a tokenizer, a text of numbers is a list of ids.
 *
 * @throws UsageError for token ids as a turn; ChatTemplateError (`CHAT_TEMPLATE`)
 */
export function readPrompt(
  { tokenizer, name }: LanguageModel,
  prompt: CliPrompt,
  { chat, warn }: PromptReading,
): CliPrompt {
  if (chat && (typeof prompt !== "string" || !tokenizer)) {
    throw new UsageError("--chat needs a prompt as text, and a model with a tokenizer.");
  }
  if (typeof prompt !== "string") return prompt;
  if (!tokenizer) return parseIds(prompt, `${name} has no tokenizer, so its prompt`);
  if (!chat) {
    warnOfUnknown(tokenizer, prompt, warn);
    return prompt;
  }
  const turn = { role: "user", content: prompt };
  const { text, ids } = tokenizer.applyChatTemplate([turn], { addGenerationPrompt: true });
  warnOfUnknown(tokenizer, text, warn);
  return ids;
}

/** The visible texts of token ids. */
export function visibleTexts({ tokenizer }: LanguageModel, ids: readonly number[]): string[] {
  const texts = tokenTexts(tokenizer, ids);
  return tokenizer ? texts.map(visibleToken) : texts;
}

/** What was fed, token by token; special tokens included. */
export function tokensBlock(pieces: readonly string[], label = "Tokens fed"): Block {
  return { kind: "tokens", label, pieces };
}
