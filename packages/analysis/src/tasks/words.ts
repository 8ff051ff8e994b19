/** Which words a tokenizer knows, and which of them are one token where they stand. */
import type { AnalysisModel } from "../shared/model.js";

/** Whether a text comes back as it was written; words that became the unknown token do not. */
export function knows({ tokenizer }: AnalysisModel, text: string): boolean {
  if (!tokenizer) return false;
  const plain = (written: string) => written.replace(/\s+/g, "");
  return plain(tokenizer.decode(tokenizer.encode(text))).endsWith(plain(text));
}

/** The words of a list that are one known token each after this text, with a blank before them. */
export function singleTokens(
  model: AnalysisModel,
  context: string,
  words: readonly string[],
): string[] {
  const { tokenizer } = model;
  if (!tokenizer) return [];
  const start = tokenizer.encode(context);
  return words.filter((word) => {
    const whole = tokenizer.encode(`${context} ${word}`);
    const goesOn = start.every((id, at) => whole[at] === id);
    return goesOn && whole.length === start.length + 1 && knows(model, `${context} ${word}`);
  });
}
