/** Tokenizers: special tokens, pieces and the files they come from. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutOfRangeError } from "@mlxterp/core";
import { describe, expect, it } from "vitest";
import { loadModel } from "../checkpoint/loading/load-model.js";
import { CorruptCheckpointError, TokenizerError } from "../errors.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { readReport, reference } from "../test-support/reference.js";
import { TokenAlignmentError } from "./errors.js";
import { pieceStyle, pieceText } from "./pieces.js";
import { loadTokenizer } from "./tokenizer.js";

const special = (id: number, content: string) => ({
  id,
  content,
  special: true,
  single_word: false,
  lstrip: false,
  rstrip: false,
  normalized: false,
});
const words = ["<pad>", "<bos>", "<eos>", "<unk>", "Mary", "gave", "John", "the", "ball", "."];

function writeWordLevel(config: object = {}, preTokenizer = "Whitespace"): string {
  const folder = temporaryFolder();
  const json = {
    version: "1.0",
    added_tokens: words.slice(0, 4).map((word, id) => special(id, word)),
    normalizer: null,
    pre_tokenizer: { type: preTokenizer },
    post_processor: null,
    decoder: null,
    model: {
      type: "WordLevel",
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      unk_token: "<unk>",
    },
  };
  const marks = {
    bos_token: "<bos>",
    eos_token: { content: "<eos>" },
    pad_token: "<pad>",
    unk_token: "<unk>",
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ ...marks, ...config }));
  return folder;
}

describe("a word-level tokenizer", () => {
  it("splits at spaces and marks, and at spaces only", () => {
    const byMarks = loadTokenizer(writeWordLevel())!;
    expect(byMarks.encode("Mary gave John the ball.")).toEqual([4, 5, 6, 7, 8, 9]);
    const bySpaces = loadTokenizer(writeWordLevel({}, "WhitespaceSplit"))!;
    expect(bySpaces.encode("Mary gave John the ball .")).toEqual([4, 5, 6, 7, 8, 9]);
    expect(bySpaces.encode("Mary gave Zoe")).toEqual([4, 5, 3]);
  });

  it("adds the marks that its config asks for", () => {
    const tokenizer = loadTokenizer(writeWordLevel({ add_bos_token: true, add_eos_token: true }))!;
    expect(tokenizer.encode("Mary gave")).toEqual([1, 4, 5, 2]);
    expect(tokenizer.encode("")).toEqual([1, 2]);
  });

  it("knows its vocabulary and special tokens", () => {
    const tokenizer = loadTokenizer(writeWordLevel())!;
    expect(tokenizer).toMatchObject({ vocabSize: 10, bosId: 1, eosId: 2, padId: 0 });
    expect(tokenizer.tokenToId("John")).toBe(6);
    expect(tokenizer.tokenToId("Zoe")).toBeUndefined();
    expect(tokenizer.idToToken(8)).toBe("ball");
    expect(tokenizer.idToToken(10)).toBeUndefined();
    expect(tokenizer.pieces([1, 4, 9])).toEqual(["<bos>", "Mary", "."]);
    expect(() => tokenizer.pieces([10])).toThrow(OutOfRangeError);
    expect(tokenizer.decode([4, 5])).toBe("Mary gave");
    expect(tokenizer.decode([])).toBe("");
  });
});

describe("the tokens of a word-level tokenizer", () => {
  const shown = (text: string, preTokenizer?: string) =>
    loadTokenizer(writeWordLevel({ add_bos_token: true }, preTokenizer))!
      .tokens(text)
      .map((token) => [token.token, token.text, token.start]);

  it("leave spaces out and show the words they do not know", () => {
    expect(shown(" Mary  gave Zoe, the ball")).toEqual([
      ["<bos>", "", 0],
      ["Mary", "Mary", 1],
      ["gave", "gave", 7],
      ["<unk>", "Zoe", 12],
      ["<unk>", ",", 15],
      ["the", "the", 17],
      ["ball", "ball", 21],
    ]);
    expect(shown("other the", "WhitespaceSplit").slice(1)).toEqual([
      ["<unk>", "other", 0],
      ["the", "the", 6],
    ]);
  });

  it("lesson: a text of unknown words took the square of its length, half a minute for a page", () => {
    const text = "好 qwx, the ".repeat(10_000);
    const words = [...text.matchAll(/[^\s,]+|,/gu)]; // what Rust's Whitespace divides this text into
    const expected = words.map(({ 0: word, index }) => {
      return [word === "the" ? "the" : "<unk>", word, index];
    });
    expect(shown(text).slice(1)).toEqual(expected);
  });

  it("show special tokens of the text as they stand", () => {
    expect(shown("Mary<eos> gave<unk>").slice(1)).toEqual([
      ["Mary", "Mary", 0],
      ["<eos>", "<eos>", 4],
      ["gave", "gave", 10],
      ["<unk>", "<unk>", 14],
    ]);
  });

  it("join to the text in the model that comes along", async () => {
    const { tokenizer } = await loadModel("tiny");
    const text = "Mary and John went to the store";
    const tokens = tokenizer!.tokens(text);
    expect(tokens.map(({ id }) => id)).toEqual(tokenizer!.encode(text));
    const words = tokens.filter((token) => token.text !== "");
    expect(words.map((token) => token.text).join(" ")).toBe(text);
  });

  it("are an error where they cannot be found again", () => {
    const folder = writeWordLevel();
    const file = join(folder, "tokenizer.json");
    const json = JSON.parse(readFileSync(file, "utf8")) as object;
    const normalizer = { type: "Replace", pattern: { String: "Mary gave" }, content: "the ball" };
    writeFileSync(file, JSON.stringify({ ...json, normalizer }));
    expect(() => loadTokenizer(folder)!.tokens("Mary gave")).toThrow(TokenAlignmentError);
  });
});

it("finds word pieces in texts that are lowercased, stripped of accents and spaced", () => {
  const vocab = ["[UNK]", "play", "##ing", "中", "文", "cafe", "!"];
  const json = {
    version: "1.0",
    added_tokens: [special(0, "[UNK]")],
    normalizer: { type: "BertNormalizer", lowercase: true, handle_chinese_chars: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: null,
    decoder: { type: "WordPiece", prefix: "##" },
    model: {
      type: "WordPiece",
      vocab: Object.fromEntries(vocab.map((word, id) => [word, id])),
      ...{ unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 },
    },
  };
  const folder = temporaryFolder();
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
  const tokens = loadTokenizer(folder)!.tokens("Playing 中文 café\tZoe!");
  expect(tokens.map(({ token, text, start }) => [token, text, start])).toEqual([
    ["play", "Play", 0],
    ["##ing", "ing", 4],
    ["中", "中", 8],
    ["文", "文", 9],
    ["cafe", "café", 11],
    ["[UNK]", "Zoe", 16],
    ["!", "!", 19],
  ]);
});

describe("a folder's tokenizer", () => {
  it("may be absent", () => {
    expect(loadTokenizer(temporaryFolder())).toBeUndefined();
  });

  it("is an error where an added token and the model's contradict each other", () => {
    const folder = writeWordLevel();
    const file = join(folder, "tokenizer.json");
    const json = JSON.parse(readFileSync(file, "utf8"));
    const load = (...added: object[]) => {
      writeFileSync(file, JSON.stringify({ ...json, added_tokens: added }));
      return loadTokenizer(folder);
    };
    expect(load(special(4, "Mary"), special(10, "new"))?.encode("Mary new")).toEqual([4, 10]);
    expect(() => load(special(5, "Mary"))).toThrow(/"Mary".*has the id 5, and in the model 4/);
    expect(() => load(special(5, "new"))).toThrow(/"new".*has the id 5, which is that of "gave"/);
  });

  it("is an error where its post-processor says no type, leaves the text out, or adds what it does not list", () => {
    const single = [{ SpecialToken: { id: "<s>" } }, { Sequence: { id: "A" } }];
    const special_tokens = { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } };
    const whole = { type: "TemplateProcessing", single, pair: [], special_tokens };
    const load = (post_processor: object) => {
      const folder = temporaryFolder();
      const model = { type: "BPE", vocab: { a: 0, "<s>": 1 }, merges: [] };
      const json = {
        added_tokens: [],
        normalizer: null,
        pre_tokenizer: null,
        decoder: null,
        model,
      };
      writeFileSync(join(folder, "tokenizer.json"), JSON.stringify({ ...json, post_processor }));
      return loadTokenizer(folder)!.encode("a");
    };
    expect(load(whole)).toEqual([1, 0]);
    const { type: _, ...untyped } = whole;
    expect(() => load(untyped)).toThrow(/does not say its type/);
    expect(() => load({ ...whole, single: [single[0]] })).toThrow(/leaves the text out/);
    expect(() => load({ ...whole, special_tokens: {} })).toThrow(/does not list/);
  });

  it("is an error when its file is damaged", () => {
    const folder = writeWordLevel();
    writeFileSync(join(folder, "tokenizer.json"), "{");
    expect(() => loadTokenizer(folder)).toThrow(CorruptCheckpointError);
    writeFileSync(join(folder, "tokenizer.json"), '{"model": {"type": "Telepathy"}}');
    expect(() => loadTokenizer(folder)).toThrow(TokenizerError);
  });

  it("is an error when its config is not one", () => {
    expect(() => loadTokenizer(writeWordLevel({ add_bos_token: "yes" }))).toThrow(TokenizerError);
  });
});

describe("pieces", () => {
  it("follow the decoder of the tokenizer", () => {
    expect(pieceStyle(null)).toBe("plain");
    expect(pieceStyle({ type: "ByteLevel" })).toBe("byteLevel");
    const llama = { type: "Sequence", decoders: [{ type: "Replace", pattern: { String: "▁" } }] };
    expect(pieceStyle(llama)).toBe("metaspace");
  });

  it("are text in every style", () => {
    expect(pieceText("ĠMary", "byteLevel")).toBe(" Mary");
    expect(pieceText("Ċ", "byteLevel")).toBe("\n");
    expect(pieceText("Ã©", "byteLevel")).toBe("é");
    expect(pieceText("ðŁ", "byteLevel")).toBe("\uFFFD"); // the first bytes of an emoji
    expect(pieceText("<|endoftext|>", "byteLevel")).toBe("<|endoftext|>");
    expect(pieceText("▁Mary", "metaspace")).toBe(" Mary");
    expect(pieceText("<0x0A>", "metaspace")).toBe("\n");
    expect(pieceText("<0xF0>", "metaspace")).toBe("<0xF0>");
    expect(pieceText("▁", "plain")).toBe("▁");
  });
});

for (const name of ["stories15M", "stories260K"]) {
  const { folder, available, note } = reference(`data/models/${name}`);
  describe.skipIf(!available)(`the tokenizer of ${name}${note}`, () => {
    const tokenizer = available ? loadTokenizer(folder) : undefined;

    it("begins with BOS and gives texts back", () => {
      for (const text of ["Once upon a time", "Tom said: “hé!”\n\n  Two  spaces 🙂"]) {
        const ids = tokenizer!.encode(text);
        expect(ids[0]).toBe(tokenizer!.bosId);
        expect(tokenizer!.decode(ids.slice(1))).toBe(text);
      }
    });

    it("has pieces that join to the text where every character is a token", () => {
      const text = "Once upon a time\nTom ran.";
      expect(tokenizer!.pieces(tokenizer!.encode(text)).join("")).toBe(`<s> ${text}`);
    });

    it("gives transformers' ids", () => {
      const { prompt, input_ids } = readReport<{ prompt: string; input_ids: number[][] }>(folder);
      expect(tokenizer!.encode(prompt)).toEqual(input_ids[0]);
    });
  });
}
