/** Tokenizers out of GGUF's metadata against what the Rust tokenizers make of hostile texts. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModel, TokenizerError } from "../../index.js";
import { writeGguf } from "../../test-support/gguf-file.js";
import { sweep } from "../../test-support/sweeps.js";
import { expected, folderOf, numbers, type Style } from "../../test-support/tokenizers.js";
import { readJsonFile } from "../files/json-file.js";
import type { GgufValue } from "./gguf-reader.js";
import { ggufTokenizer } from "./gguf-tokenizer.js";

interface TokenizerFile {
  readonly model: {
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (string | readonly [string, string])[];
  };
  readonly added_tokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: boolean;
  }[];
}

/** What a converter writes, from the tokenizer.json of a style. */
function metadataOf(
  style: Style,
  extra: Readonly<Record<string, GgufValue>>,
): Map<string, GgufValue> {
  const { model, added_tokens: added } = readJsonFile(
    join(folderOf(style), "tokenizer.json"),
  ) as TokenizerFile;
  const tokens: string[] = [];
  const types: number[] = [];
  for (const [token, id] of Object.entries(model.vocab)) tokens[id] = token;
  for (const { id, content, special } of added) {
    tokens[id] = content;
    types[id] = special ? 3 : 4;
  }
  for (const id of tokens.keys()) {
    tokens[id] ??= `<unused ${id}>`;
    types[id] ??= /^<0x..>$/.test(tokens[id]) ? 6 : 1;
  }
  const merges = model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  const entries = { tokens, token_type: types, scores: tokens.map(scoreOf), ...extra };
  const named = Object.entries(extra.model === "gpt2" ? { ...entries, merges } : entries);
  return new Map(named.map(([key, value]) => [`tokenizer.ggml.${key}`, value]));
}

/** Scores of a SentencePiece model in which a piece's rank is its place, but runs of spaces come last. */
const scoreOf = (token: string, id: number) =>
  id < 259 ? 0 : /^▁▁+$/.test(token) ? -32_000 - id : 259 - id;

const styles: readonly { name: Style; extra: Readonly<Record<string, GgufValue>> }[] = [
  { name: "gpt2", extra: { model: "gpt2", pre: "gpt-2" } },
  { name: "llama2", extra: { model: "llama", bos_token_id: 1, unknown_token_id: 0 } },
  { name: "llama3", extra: { model: "gpt2", pre: "llama-bpe", bos_token_id: 128_000 } },
  { name: "qwen2_5", extra: { model: "gpt2", pre: "qwen2" } },
];

/** Merges of letters and scores of pieces; the larger vocabularies take seconds. */
const kinds = sweep(styles, ["gpt2", "llama2"]);

describe("a tokenizer in a GGUF file", () => {
  for (const { name: style, extra } of kinds) {
    it(`of the kind of ${style} is that of its tokenizer.json`, () => {
      const tokenizer = ggufTokenizer(metadataOf(style, extra), "model.gguf")!;
      for (const [name, text] of Object.entries(expected.texts)) {
        const { ids, decoded } = expected.styles[style][name];
        expect(tokenizer.encode(text), name).toEqual(numbers(ids));
        if (decoded === undefined) continue;
        expect(tokenizer.decode(numbers(ids)), name).toBe(decoded);
      }
    });
  }

  it("is named where it is not implemented", () => {
    const reading =
      (model: string, pre = "gpt-2") =>
      () =>
        ggufTokenizer(
          new Map<string, GgufValue>([
            ["tokenizer.ggml.tokens", ["a"]],
            ["tokenizer.ggml.model", model],
            ["tokenizer.ggml.pre", pre],
          ]),
          "model.gguf",
        );
    expect(reading("t5")).toThrow(TokenizerError);
    expect(reading("t5")).toThrow(/"t5".*tokenizer\.json/);
    expect(reading("gpt2", "tekken")).toThrow(/"tekken"/);
    expect(ggufTokenizer(new Map(), "model.gguf")).toBeUndefined();
  });

  it("comes with the model", async () => {
    const tokens = ["<unk>", "<s>", "</s>", "▁", "a", "b", "▁a", "ab", "▁ab"];
    const scores = [0, 0, 0, -4, -5, -6, -2, -3, -1];
    const sizes = {
      "llama.embedding_length": 32,
      "llama.feed_forward_length": 32,
      "llama.block_count": 1,
      "llama.attention.head_count": 2,
      "llama.attention.head_count_kv": 2,
      "llama.context_length": 8,
      "llama.attention.layer_norm_rms_epsilon": 2 ** -10,
    };
    const file = writeGguf(
      {
        "general.architecture": "llama",
        ...sizes,
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": scores,
        "tokenizer.ggml.token_type": [2, 3, 3, 1, 1, 1, 1, 1, 1],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
        "tokenizer.chat_template": "{{ messages[0].content }}",
      },
      zeroTensors(tokens.length),
    );
    const { tokenizer, eosTokens } = await loadModel(file);
    // "▁ab" has the best score, though "ab" would be merged before "▁a" by its own letters.
    expect(tokenizer?.encode("ab ab")).toEqual([1, 8, 8]);
    expect(tokenizer?.decode([8, 6])).toBe("ab a");
    expect(tokenizer?.bosId).toBe(1);
    expect(eosTokens).toEqual([2]);
    expect(tokenizer?.applyChatTemplate([{ role: "user", content: "ab" }]).text).toBe("ab");
  });
});

function zeroTensors(vocab: number) {
  const shapes: Record<string, number[]> = {
    "token_embd.weight": [vocab, 32],
    "output_norm.weight": [32],
    "blk.0.attn_norm.weight": [32],
    "blk.0.ffn_norm.weight": [32],
  };
  for (const name of [
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
    "ffn_gate",
    "ffn_up",
    "ffn_down",
  ]) {
    shapes[`blk.0.${name}.weight`] = [32, 32];
  }
  return Object.entries(shapes).map(([name, shape]) => {
    const count = shape.reduce((product, length) => product * length, 1);
    return { name, kind: "F32" as const, shape, data: Buffer.alloc(4 * count) };
  });
}
