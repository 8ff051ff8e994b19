/** Added tokens against the Rust tokenizers: every combination of their flags in thirteen kinds of tokenizers, on hostile texts. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { createTokenizer, type TextTokenizer } from "./tokenizer.js";
import type { TokenizerJson } from "./tokenizer-json.js";

interface Kind extends Readonly<Record<string, unknown>> {
  readonly model: Readonly<Record<string, unknown>> & { readonly vocab: readonly unknown[] };
  /** Flags, a text, its ids, what they decode to, and what without special tokens; 0 where that is the same. */
  readonly rows: readonly (readonly [number, string, string, string, string | 0])[];
}

/** Made with Python's `tokenizers` (version in the file): `encode` without and `decode` with special tokens. */
const rust = readJsonFile(fileURLToPath(new URL("rust-added-tokens.json", import.meta.url))) as {
  readonly contents: readonly string[];
  readonly kinds: Readonly<Record<string, Kind>>;
};

/** Each token of a combination has other flags. */
function addedTokens(flags: number, firstId: number): object[] {
  return rust.contents.map((content, index) => {
    const own = (flags + 7 * index) % 32;
    const has = (bit: number) => (own & bit) !== 0;
    const words = { single_word: has(1), lstrip: has(2), rstrip: has(4) };
    return { id: firstId + index, content, ...words, normalized: has(8), special: has(16) };
  });
}

function tokenizerOf({ rows: _, ...kind }: Kind, flags: number): TextTokenizer {
  const { vocab } = kind.model;
  const isList = kind.model.type === "Unigram";
  const ids = Object.fromEntries(vocab.map((token, id) => [String(token), id]));
  const json = {
    ...kind,
    model: { ...kind.model, vocab: isList ? vocab : ids },
    added_tokens: addedTokens(flags, vocab.length),
  };
  return createTokenizer(json as unknown as TokenizerJson, {}, "tokenizer.json");
}

describe.each(Object.entries(rust.kinds))("added tokens of the kind %s", (_, kind) => {
  it("are found and decoded as in Rust", () => {
    for (const [flags, text, ids, decoded, bare] of kind.rows) {
      const tokenizer = tokenizerOf(kind, flags);
      const found = tokenizer.encode(text, { addSpecialTokens: false });
      const label = `${flags} ${JSON.stringify(text)}`;
      expect(found.join(" "), label).toBe(ids);
      expect(tokenizer.decode(found), label).toBe(decoded);
      expect(tokenizer.decode(found, { skipSpecialTokens: true }), label).toBe(
        bare === 0 ? decoded : bare,
      );
    }
  });
});

describe("the characters of an added token", () => {
  const llama = rust.kinds.llama;
  /** Flags under which "newword" is looked for after normalisation, and takes spaces or not. */
  const shown = (flags: number, text: string) =>
    tokenizerOf(llama, flags)
      .tokens(text, { addSpecialTokens: false })
      .map((token) => [token.token, token.text]);

  it("are those that it was found as, with the space that normalisation put before it", () => {
    expect(shown(8, "a newword b").slice(-3)).toEqual([
      ["▁newword", " newword"],
      ["▁", " "],
      ["b", "b"],
    ]);
  });

  it("take the white space beside it that it strips", () => {
    expect(shown(6, "a \tnewword \n b").slice(1)).toEqual([
      ["newword", " \tnewword \n "],
      ["▁", ""],
      ["b", "b"],
    ]);
  });
});
