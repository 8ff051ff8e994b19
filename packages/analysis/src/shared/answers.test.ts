/** Answers as tokens. */
import { InterpretableModel, type Tokenizer } from "@mlxterp/core";
import { nn } from "@mlxterp/mlx";
import { loadModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { resolveAnswers } from "./answers.js";
import { resolveAnswer } from "./read-token.js";
import { sharedModel } from "./test-support.js";

const words = ["<s>", "the", "capital", "is", "Paris", "Rome", "York", "New", "?"];

/** One token for each word, after a beginning-of-text token. */
const wordTokenizer: Tokenizer = {
  encode: (text) => [
    0,
    ...(text.match(/\S+/g) ?? []).map((word) => Math.max(0, words.indexOf(word))),
  ],
  decode: (ids) =>
    ids
      .filter((id) => id > 0)
      .map((id) => words[id])
      .join(" "),
  pieces: (ids) => ids.map((id) => words[id]),
  vocabSize: words.length,
};

const model = new InterpretableModel(new nn.Linear(2, 2), {
  tokenizer: wordTokenizer,
  anatomy: { vocab: words.length + 3 },
});

describe("resolveAnswer", () => {
  it("takes a word of the vocabulary with or without a space, after text or ids", () => {
    const expected = { id: 4, text: "Paris" };
    expect(resolveAnswer(model, " Paris", "the capital is")).toEqual(expected);
    expect(resolveAnswer(model, "Paris", "the capital is")).toEqual(expected);
    expect(resolveAnswer(model, " Paris", [0, 1, 2])).toEqual(expected);
  });

  it("takes ids up to the last row of the unembedding, also without a text", () => {
    expect(resolveAnswer(model, 5, "the").text).toBe("Rome");
    expect(resolveAnswer(model, 11, "the").text).toBe("<11>");
    expect(() => resolveAnswer(model, 12, "the")).toThrow("12");
    expect(() => resolveAnswer(model, 1.5, "the")).toThrow("1.5");
  });

  it("shows the pieces of an answer that is more than one token", () => {
    expect(() => resolveAnswer(model, " New York", "the capital is")).toThrow('"New" "York"');
    expect(() => resolveAnswer(model, "", "the")).toThrow("is 0 here");
  });

  it("wants one answer for each prompt, or one for all", () => {
    const prompts = ["the", "is"];
    expect(resolveAnswers(model, " Rome", prompts).map(({ token }) => token.id)).toEqual([5, 5]);
    expect(resolveAnswers(model, [" Rome", 4], prompts).map(({ token }) => token.id)).toEqual([
      5, 4,
    ]);
    expect(() => resolveAnswers(model, [1, 2, 3], prompts)).toThrow(
      "3 answers do not fit 2 prompts",
    );
  });
});

const stories = sharedModel("stories15M");

describe.skipIf(!stories.available)("resolveAnswer with a SentencePiece tokenizer", () => {
  it("finds the token that continues the prompt, and names the pieces of a rare word", async () => {
    const trained = await loadModel(stories.folder);
    expect(resolveAnswer(trained, " Tom", "Sue gave a ball to").text).toBe(" Tom");
    expect(() => resolveAnswer(trained, " Xylophonist", "Sue gave")).toThrow("must be one token");
  });
});

/** Each word with a blank before it and without are tokens of their own, as in GPT-2's vocabulary. */
const pairs = ["to", " to", "Tom", " Tom", "Sue", " Sue"];
const pairTokenizer: Tokenizer = {
  encode: (text) => (text.match(/ ?\w+/g) ?? []).map((word) => Math.max(0, pairs.indexOf(word))),
  decode: (ids) => ids.map((id) => pairs[id]).join(""),
  pieces: (ids) => ids.map((id) => pairs[id]),
  vocabSize: pairs.length,
};

describe("resolveAnswer where both readings are tokens", () => {
  const small = new InterpretableModel(new nn.Linear(2, 2), {
    // a tokenizer that splits before capitals, so that "toTom" is two tokens
    tokenizer: {
      ...pairTokenizer,
      encode: (text) => pairTokenizer.encode(text.replace(/toT/g, "to,T")),
    },
    anatomy: { vocab: pairs.length },
  });

  it("takes the one after a blank, as a person would write on, and says so", () => {
    expect(resolveAnswer(small, "Tom", " to").text).toBe(" Tom");
    expect(resolveAnswer(small, " Tom", " to").text).toBe(" Tom");
    const [{ notes }] = resolveAnswers(small, "Tom", [" to"]);
    expect(notes).toMatchObject([{ code: "ANSWER_READINGS" }]);
    expect(notes[0].text).toContain("pass its id, 2");
    expect(resolveAnswers(small, " Tom", [" to"])[0].notes).toEqual([]);
  });

  it("keeps the blank that the prompt already has", () => {
    expect(resolveAnswer(small, "Tom", " to ").text).toMatch(/Tom$/);
  });
});
