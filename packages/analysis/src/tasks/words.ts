/** Which words a tokenizer knows, and which of them are one token where they stand. */
import type { AnalysisModel } from "../shared/model.js";

/** Whether a text comes back as it was written; words that became the unknown token do not. */
export function knows({ tokenizer }: AnalysisModel, text: string): boolean {
  if (!tokenizer) return false;
  const plain = (written: string) => written.replace(/\s+/g, "");
  return plain(tokenizer.decode(tokenizer.encode(text))).endsWith(plain(text));
}

/** The texts of a list that continue this one by one known token each, with their ids; nothing is put between. */
export function tokensAfter(
  model: AnalysisModel,
  context: string,
  texts: readonly string[],
): Map<string, number> {
  const found = new Map<string, number>();
  const { tokenizer } = model;
  if (!tokenizer) return found;
  const start = tokenizer.encode(context);
  for (const text of texts) {
    const whole = tokenizer.encode(context + text);
    const goesOn = start.every((id, at) => whole[at] === id);
    if (!goesOn || whole.length !== start.length + 1 || !knows(model, context + text)) continue;
    found.set(text, whole[start.length]);
  }
  return found;
}

/** The words of a list that are one known token each after this text, with a blank before them. */
export function singleTokens(
  model: AnalysisModel,
  context: string,
  words: readonly string[],
): string[] {
  const found = tokensAfter(
    model,
    context,
    words.map((word) => ` ${word}`),
  );
  return words.filter((word) => found.has(` ${word}`));
}
