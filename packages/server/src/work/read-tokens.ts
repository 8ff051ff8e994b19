/** A prompt as it would be fed, token by token. */

import { tokenTexts } from "@mlxterp/results";
import type { TokensAnswer } from "../wire/answers.js";
import type { OnePrompt } from "../wire/inputs.js";
import { InputReader } from "./prompts.js";
import type { Workplace } from "./workplace.js";

/** @throws InvalidPromptError (`INVALID_PROMPT`), ChatTemplateError (`CHAT_TEMPLATE`), LimitError (`LIMIT`) */
export async function readTokens(
  { models, limits }: Workplace,
  model: string,
  input: OnePrompt,
): Promise<TokensAnswer> {
  const opened = await models.open(model);
  const ids = new InputReader(opened, limits.tokens).one(input);
  const pieces = tokenTexts(opened.tokenizer, ids);
  const unknown = opened.tokenizer?.unknownId;
  return {
    tokens: ids.map((id, position) => ({
      id,
      text: pieces[position],
      position,
      unknown: id === unknown,
    })),
  };
}
