/** Small files that ask for more than memory or time holds, each against the rule that ends it. */
import { describe, expect, it } from "vitest";
import { TokenizerError } from "../../errors.js";
import { createTokenizer } from "../tokenizer.js";
import type { TokenizerJson } from "../tokenizer-json.js";

const words = { type: "BPE", vocab: { a: 0, b: 1, é: 2 }, merges: [] };

const tokenizerOf = (parts: object) =>
  createTokenizer({ model: words, ...parts } as unknown as TokenizerJson, {}, "tokenizer.json");

const many = (step: object, count = 60) => new Array<object>(count).fill(step);
const doubling = { type: "Replace", pattern: { String: "a" }, content: "aa" };
const letters = { type: "ByteLevel", add_prefix_space: false, use_regex: false };

describe("steps that double a text, one after the other", () => {
  it.each([
    ["replacements", doubling],
    ["spaces between all characters", { type: "BPEDecoder", suffix: "" }],
    ["spaces between all characters of sounds", { type: "CTC", word_delimiter_token: "" }],
  ])("end in an error when tokens are decoded: %s", (_, step) => {
    const tokenizer = tokenizerOf({ decoder: { type: "Sequence", decoders: many(step) } });
    expect(() => tokenizer.decode([0, 1, 0])).toThrow(TokenizerError);
    expect(() => tokenizer.decode([0, 1, 0])).toThrow(/decoder makes more than \d+ characters/);
  });

  it("end in an error when they spell bytes of bytes before a text is divided", () => {
    const normalizer = { type: "Sequence", normalizers: many(letters) };
    expect(() => tokenizerOf({ normalizer }).encode("éa")).toThrow(/normalizer makes more than/);
    expect(() => tokenizerOf({ normalizer }).tokens("éa")).toThrow(TokenizerError);
  });

  it("end in an error when they spell bytes of bytes while it is divided", () => {
    const pre_tokenizer = { type: "Sequence", pretokenizers: many(letters) };
    expect(() => tokenizerOf({ pre_tokenizer }).encode("éa")).toThrow(/pre-tokenizer makes more/);
  });

  it("are as good as others where there are few", () => {
    const decoder = { type: "Sequence", decoders: [{ type: "Fuse" }, ...many(doubling, 10)] };
    expect(tokenizerOf({ decoder }).decode([0, 1])).toBe(`${"a".repeat(1024)}b`);
  });
});

describe("a tokenizer.json with more of something than any has", () => {
  const [long, ids] = ["a".repeat(100_000), new Array<number>(100_000).fill(0)];
  it.each([
    ["1001 steps", { normalizer: { type: "Sequence", normalizers: many({ type: "NFC" }, 1001) } }],
    ["a long prefix of letters", { model: { ...words, continuing_subword_prefix: long } }],
    ["a long suffix of words", { model: { ...words, end_of_word_suffix: long } }],
    [
      "marks without end",
      {
        post_processor: {
          type: "TemplateProcessing",
          single: many({ SpecialToken: { id: "x" } }, 900),
          special_tokens: { x: { ids } },
        },
      },
    ],
  ])("is refused: %s", (_, parts) => {
    expect(() => tokenizerOf(parts)).toThrow(TokenizerError);
  });
});

it("fields that a step does not read may be anything", () => {
  const odd = { normalizers: 5, decoders: 5, pretokenizers: "x", pattern: null };
  const parts = { normalizer: { type: "NFC", ...odd }, decoder: { type: "Fuse", ...odd } };
  const tokenizer = tokenizerOf(parts);
  expect(tokenizer.decode(tokenizer.encode("ab"))).toBe("ab");
  expect(tokenizer.tokens("ab").map(({ text }) => text)).toEqual(["a", "b"]);
});
