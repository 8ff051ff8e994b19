/** Tokenizers of five styles against the Rust tokenizers, on texts that are hard to split. */
import { afterAll, describe, expect, it } from "vitest";
import {
  expected,
  forgetTokenizers,
  numbers,
  styles,
  tokenizerOf,
} from "../test-support/tokenizers.js";
import type { TextToken } from "./text-tokens.js";

afterAll(forgetTokenizers);

const names = Object.keys(expected.texts);
const spansOf = (tokens: readonly TextToken[]) => tokens.flatMap(({ start, end }) => [start, end]);
const plain = { addSpecialTokens: false };

/** A space put before the text stands for no character here; Rust gives it the first one. */
const withoutPrefix = (spans: number[], tokens: readonly TextToken[]) =>
  spans.filter((_, index) => tokens[index >> 1].text !== "");

/** Rust gives a recomposed character the place of its first part only, and what remains of it the others. */
const recomposed = ["combining", "zalgo", "hangul jamo"];

/** The text that tokens cover, each character once. */
function covered(tokens: readonly TextToken[]): string {
  let [text, at] = ["", 0];
  for (const { start, end, text: own } of tokens) {
    if (start < at) continue; // the rest of a character
    expect(start).toBe(at);
    [text, at] = [text + own, end];
  }
  return text;
}

describe.each(styles)("a tokenizer in the style of %s", (style) => {
  const tokenizer = tokenizerOf(style);
  const rust = expected.styles[style];

  it("gives Rust's ids", () => {
    for (const name of names) {
      expect(tokenizer.encode(expected.texts[name]), name).toEqual(numbers(rust[name].ids));
    }
  });

  it("gives Rust's ids for a batch, with and without marks", () => {
    const texts = names.map((name) => expected.texts[name]);
    const { before, after } = tokenizer.marks;
    const bare = tokenizer.encodeBatch(texts, plain);
    expect(tokenizer.encodeBatch(texts)).toEqual(bare.map((ids) => [...before, ...ids, ...after]));
    expect(bare.map(({ length }) => 2 * length)).toEqual(
      names.map((name) => numbers(rust[name].spans).length),
    );
  });

  it("decodes to Rust's texts", () => {
    for (const name of names) {
      const decoded = rust[name].decoded ?? expected.texts[name];
      expect(tokenizer.decode(numbers(rust[name].ids)), name).toBe(decoded);
    }
  });

  it("finds the characters of each token where Rust does", () => {
    const byGrapheme = style === "qwen2_5" ? recomposed : [];
    for (const name of names.filter((other) => !byGrapheme.includes(other))) {
      const tokens = tokenizer.tokens(expected.texts[name], plain);
      const spans = withoutPrefix(numbers(rust[name].spans), tokens);
      expect(withoutPrefix(spansOf(tokens), tokens), name).toEqual(spans);
    }
  });

  it("covers every character of the text once", () => {
    for (const name of names) {
      const tokens = tokenizer.tokens(expected.texts[name]);
      expect(covered(tokens), name).toBe(expected.texts[name]);
      expect(tokens.map(({ id }) => id)).toEqual(numbers(rust[name].ids));
    }
  });

  it("finds the tokens of a long text where it finds those of its parts", () => {
    const parts = [
      "The e\u0301clair 👍🏽.\n".repeat(60),
      `${"👩\u200d".repeat(300)}x`,
      "\n日本 a\u{1D165} ".repeat(80),
    ];
    const [first, second, third] = parts.map((part) => tokenizer.tokens(part, plain));
    const all = tokenizer.tokens(parts.join(""), plain);
    expect(covered(all)).toBe(parts.join(""));
    const near = all.filter(({ end }) => end < parts[0].length - 1);
    expect(near).toEqual(first.slice(0, near.length));
    expect(all.length).toBeGreaterThan(second.length + third.length);
  });

  it("reads a lone surrogate as U+FFFD", () => {
    const ids = numbers(rust.replacement.ids);
    expect(tokenizer.encode("a\uD83Db")).toEqual(ids);
    expect(covered(tokenizer.tokens("a\uDE42b"))).toBe("a\uDE42b");
  });
});

describe("the tokens of a text", () => {
  it("share a character that none of them holds whole", () => {
    const tokens = tokenizerOf("gpt2").tokens("é🙂!");
    const shown = tokens.map(({ text, start, end, whole }) => [text, start, end, whole]);
    expect(shown).toEqual([
      ["é", 0, 1, true],
      ["🙂", 1, 3, false],
      ["🙂", 1, 3, false],
      ["!", 3, 4, true],
    ]);
  });

  it("show what was added, and special tokens in the text", () => {
    const tokens = tokenizerOf("llama2").tokens("hi</s>");
    expect(tokens.map(({ token, text, special }) => [token, text, special])).toEqual([
      ["<s>", "", true],
      ["▁hi", "hi", false],
      ["</s>", "</s>", true],
    ]);
  });

  it("show the marks that are added around texts", () => {
    expect(tokenizerOf("gemma").marks).toEqual({ before: [2], after: [] });
    expect(tokenizerOf("gpt2").marks).toEqual({ before: [], after: [] });
    expect(tokenizerOf("llama2").specialTokens.get("</s>")).toBe(2);
  });
});
