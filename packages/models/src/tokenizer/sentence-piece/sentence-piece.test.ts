/** Folders with SentencePiece's file alone, against what sentencepiece itself makes of texts. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { loadTokenizer } from "../tokenizer.js";

const reference = (path: string) =>
  fileURLToPath(new URL(`../../../references/brought/sentence-piece/${path}`, import.meta.url));

interface Facts {
  readonly size: number;
  readonly bos: number;
  readonly eos: number;
  readonly rows: readonly {
    readonly text: string;
    readonly ids: number[];
    readonly decoded: string;
  }[];
}

function folderWith(name: string, files: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-sentence-piece-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  copyFileSync(reference(`${name}/tokenizer.model`), join(folder, "tokenizer.model"));
  for (const [file, json] of Object.entries(files)) {
    writeFileSync(join(folder, file), JSON.stringify(json));
  }
  return folder;
}

describe("a folder with SentencePiece's file alone", () => {
  it.each(["bpe", "bpe-plain", "unigram", "unigram-bytes"])(
    "%s encodes and decodes as it",
    (name) => {
      const facts = JSON.parse(readFileSync(reference(`${name}/expected.json`), "utf8")) as Facts;
      const tokenizer = loadTokenizer(folderWith(name));
      expect(tokenizer?.vocabSize).toBe(facts.size);
      expect(tokenizer?.bosId).toBe(facts.bos < 0 ? undefined : facts.bos);
      expect(tokenizer?.eosId).toBe(facts.eos);
      for (const { text, ids, decoded } of facts.rows) {
        // As in transformers, a symbol of the user begins a stretch of its own, with its own leading space.
        if (name === "bpe" && text.startsWith("<tool>")) continue;
        expect(tokenizer?.encode(text, { addSpecialTokens: false }), text).toEqual(ids);
        // sentencepiece shows what it does not know by a sign of its own; transformers by the token.
        expect(tokenizer?.decode(ids), text).toBe(decoded.replaceAll(" ⁇ ", "<unk>"));
      }
    },
  );

  it("begins texts with BOS as Llama's class does, and ends them as T5's does", () => {
    expect(loadTokenizer(folderWith("bpe"))?.marks).toEqual({ before: [1], after: [] });
    const settings = { "tokenizer_config.json": { tokenizer_class: "T5Tokenizer" } };
    expect(loadTokenizer(folderWith("unigram", settings))?.marks).toEqual({
      before: [],
      after: [1],
    });
    const none = { "tokenizer_config.json": { add_bos_token: false } };
    expect(loadTokenizer(folderWith("bpe", none))?.marks.before).toEqual([]);
  });

  it("has the tokens that were added later", () => {
    const size = loadTokenizer(folderWith("bpe"))?.vocabSize ?? 0;
    const tokenizer = loadTokenizer(
      folderWith("bpe", { "added_tokens.json": { "<|end|>": size } }),
    );
    expect(tokenizer?.encode("a<|end|>", { addSpecialTokens: false }).at(-1)).toBe(size);
    const decoder = { [size]: { content: "<|im|>", special: true } };
    const newer = { "tokenizer_config.json": { added_tokens_decoder: decoder } };
    expect(loadTokenizer(folderWith("bpe", newer))?.specialTokens.get("<|im|>")).toBe(size);
  });

  it.each([
    ["IQ== 0\nIg== 1\n", /tiktoken/],
    ["not a model", /no model of SentencePiece/],
    ["", /no pieces/],
  ])("is refused by name when it is another file: %j", (content, message) => {
    const folder = folderWith("bpe");
    writeFileSync(join(folder, "tokenizer.model"), content);
    expect(() => loadTokenizer(folder)).toThrow(message);
  });

  it("is refused, and not misread, when it is cut off anywhere", () => {
    const folder = folderWith("bpe-plain");
    const bytes = readFileSync(join(folder, "tokenizer.model"));
    for (let length = 1; length < bytes.length; length += 13) {
      writeFileSync(join(folder, "tokenizer.model"), bytes.subarray(0, length));
      try {
        loadTokenizer(folder);
      } catch (error) {
        expect(error).toMatchObject({ code: "TOKENIZER" });
      }
    }
  });
});

describe("SentencePiece's file", () => {
  it("that is cut off behind a piece, or has its pieces twice, is refused", () => {
    const folder = folderWith("bpe");
    const file = join(folder, "tokenizer.model");
    const data = readFileSync(file);
    let end = 0; // pieces are short, so that their lengths have one byte
    for (let piece = 0; piece < 5; piece++) end += 2 + data[end + 1];
    writeFileSync(file, data.subarray(0, end));
    expect(() => loadTokenizer(folder)).toThrow(/ends early/);
    writeFileSync(file, Buffer.concat([data, data]));
    expect(() => loadTokenizer(folder)).toThrow(/twice/);
  });
});
