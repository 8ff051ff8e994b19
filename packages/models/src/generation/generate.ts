/** Continuing one prompt, or several at once, token by token. */
import type { Prompt } from "@mlxterp/core";
import { askedOf } from "./defaults.js";
import { generateRows } from "./generate-rows.js";
import type { GenerativeModel } from "./generative-model.js";
import type {
  FinishReason,
  GenerateBatchOptions,
  GenerateOptions,
  GenerationBatchStep,
  GenerationStep,
} from "./options.js";
import { allPrompts, onePrompt } from "./prompt-ids.js";

/**
 * Continues one prompt. Every step computes one token from cached keys and values; the result equals a
 * full forward over the whole text.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export async function* generate(
  model: GenerativeModel,
  prompt: Prompt,
  options: GenerateOptions = {},
): AsyncGenerator<GenerationStep, void, undefined> {
  const asked = askedOf("generate", model, options);
  const ids = onePrompt(model, prompt, asked.prefix);
  for await (const { rows } of generateRows(model, [ids], asked)) {
    if (rows[0]) yield rows[0];
  }
}

/**
 * Continues several prompts at once. Each text is what its prompt alone would give; in floating point a batch adds up
 * in another order, so that a near tie may fall differently.
 *
 * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export async function* generateBatch(
  model: GenerativeModel,
  prompts: Prompt,
  options: GenerateBatchOptions = {},
): AsyncGenerator<GenerationBatchStep, void, undefined> {
  const asked = askedOf("generateBatch", model, options);
  yield* generateRows(model, allPrompts(model, prompts, asked.prefix), asked);
}

/** A continuation that has come to its end. */
export interface GeneratedText {
  readonly text: string;
  readonly tokens: readonly number[];
  /** Natural logarithm of the probability the model gave to all tokens together. */
  readonly logProbability: number;
  readonly finish: FinishReason;
}

/**
 * Continues one prompt to the end.
 *
 * @throws what `generate` throws
 */
export async function generateText(
  model: GenerativeModel,
  prompt: Prompt,
  options: GenerateOptions = {},
): Promise<GeneratedText> {
  const asked = askedOf("generateText", model, options);
  const tokens: number[] = [];
  let [text, logProbability] = ["", 0];
  let finish: FinishReason = "maxTokens"; // every generation ends with a step that says why
  for await (const step of generate(model, prompt, asked)) {
    tokens.push(step.token);
    text += step.text;
    logProbability += step.logProbability;
    finish = step.finish ?? finish;
  }
  return { text, tokens, logProbability, finish };
}
