/** White space as the Rust tokenizers understand it, in the patterns that the library has built in. */
import type { Tokenizer as PlainTokenizer } from "@huggingface/tokenizers";

/** What is read and changed of a pre-tokenizer: a pattern of its own, or others one after the other. */
interface Splitter {
  pattern?: unknown;
  readonly tokenizers?: readonly Splitter[];
}

/**
 * JavaScript's `\s` takes U+FEFF, which begins many a file, for a space, and U+0085 for none; Unicode has it the other way
 * round. The library writes the patterns of a tokenizer.json so, but not those of its own, such as GPT-2's.
 */
export function readUnicodeSpaces({ pre_tokenizer: outer }: PlainTokenizer): void {
  const visit = (splitter: Splitter) => {
    splitter.tokenizers?.forEach(visit);
    const { pattern } = splitter;
    if (pattern instanceof RegExp && pattern.unicode) splitter.pattern = withUnicodeSpaces(pattern);
  };
  if (outer) visit(outer as unknown as Splitter);
}

function withUnicodeSpaces({ source, flags }: RegExp): RegExp {
  const spaces = /(?<!\\)((?:\\\\)*)\\([sS])/g; // after whole pairs of backslashes, which stand for one
  const unicode = source.replace(spaces, (_, pairs: string, letter: string) =>
    letter === "s" ? `${pairs}\\p{White_Space}` : `${pairs}\\P{White_Space}`,
  );
  return new RegExp(unicode, flags);
}
