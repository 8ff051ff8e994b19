/** Words that a vocabulary lacks: they all become the same token, which would otherwise go unnoticed. */
import type { TextTokenizer } from "@mlxterp/models";
import { visibleLine } from "@mlxterp/results";

const mostNamed = 8;

/** Warns of the parts of a text that become the unknown token, unless the text holds that token itself. */
export function warnOfUnknown(
  tokenizer: TextTokenizer,
  text: string,
  warn: (text: string) => void,
  what = "prompt",
): void {
  const { unknownId } = tokenizer;
  if (unknownId === undefined) return;
  const name = tokenizer.idToToken(unknownId) ?? `token ${unknownId}`;
  const count = tokenizer
    .encode(text, { addSpecialTokens: false })
    .filter((id) => id === unknownId).length;
  const written = text.split(name).length - 1;
  if (count <= written) return;
  const words = unknownParts(tokenizer, text, name);
  const which = words.length > 0 ? `: ${listed(words)}` : "";
  warn(
    `the vocabulary lacks ${count - written} of the ${what}'s words, which became ${name}${which}`,
  );
}

function unknownParts(tokenizer: TextTokenizer, text: string, name: string): string[] {
  try {
    const found = tokenizer.tokens(text, { addSpecialTokens: false });
    const unknown = found.filter(({ id }) => id === tokenizer.unknownId);
    return unknown.map((token) => token.text.trim()).filter((word) => word !== name);
  } catch (error) {
    // A tokenizer whose changes to a text cannot be followed; the number of words is known all the same.
    if ((error as { code?: unknown }).code === "TOKEN_ALIGNMENT") return [];
    throw error;
  }
}

function listed(words: readonly string[]): string {
  const different = [...new Set(words)];
  const named = different.slice(0, mostNamed).map((word) => `"${visibleLine(word)}"`);
  const more = different.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}
