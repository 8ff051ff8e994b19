/** The tokenizer of a GGUF file, written as the tokenizer.json that it was made from. */
import { TokenizerError } from "../../errors.js";
import { createTokenizer, type TextTokenizer } from "../../tokenizer/tokenizer.js";
import type { GgufValue } from "./gguf-reader.js";
import { type GgufTokens, vocabulary } from "./gguf-tokens.js";
import { preTokenizers, type TokenizerPart } from "./pre-tokenizers.js";
import { sentencePieceParts } from "./sentence-piece.js";

/** Codes of `token_type`. */
const controlType = 3;
const userType = 4;

/**
 * @returns undefined for a file without tokens
 * @throws TokenizerError (`TOKENIZER`) for a kind of tokenizer that is not implemented
 */
export function ggufTokenizer(
  metadata: ReadonlyMap<string, GgufValue>,
  file: string,
): TextTokenizer | undefined {
  const value = (key: string) => metadata.get(`tokenizer.ggml.${key}`);
  const tokens = value("tokens") as readonly string[] | undefined;
  if (!tokens) return undefined;
  const tokenOf = (name: string) => {
    const id = value(`${name}_token_id`);
    if (typeof id !== "number") return undefined;
    if (tokens[id] !== undefined) return tokens[id];
    throw new TokenizerError(
      file,
      `its ${name}_token_id is ${id}; it has ${tokens.length} tokens.`,
    );
  };
  const model = value("model");
  const parts = partsOf(
    String(model),
    value("pre"),
    file,
  )({
    tokens,
    scores: (value("scores") ?? []) as readonly number[],
    merges: (value("merges") ?? []) as readonly string[],
    unknown: tokenOf("unknown"),
    addSpacePrefix: value("add_space_prefix") !== false,
  });
  const types = (value("token_type") ?? []) as readonly number[];
  const json = { ...parts, added_tokens: addedTokens(tokens, types), post_processor: null };
  const settings = {
    bos_token: tokenOf("bos"),
    eos_token: tokenOf("eos"),
    unk_token: tokenOf("unknown"),
    pad_token: tokenOf("padding"),
    add_bos_token: (value("add_bos_token") ?? model === "llama") as boolean,
    add_eos_token: (value("add_eos_token") ?? false) as boolean,
    chat_template: metadata.get("tokenizer.chat_template") as string | undefined,
  };
  return createTokenizer(json, settings, file);
}

function partsOf(
  model: string,
  pre: GgufValue | undefined,
  file: string,
): (tokens: GgufTokens) => TokenizerPart {
  if (model === "llama") return sentencePieceParts;
  const wayOut = "Put the model's tokenizer.json beside the file.";
  if (model !== "gpt2") {
    throw new TokenizerError(
      file,
      `its tokenizer is of the kind "${model}"; read are gpt2, llama. ${wayOut}`,
    );
  }
  const kind = String(pre ?? "default");
  const before = Object.hasOwn(preTokenizers, kind) ? preTokenizers[kind] : undefined;
  if (before) return (tokens) => byteLevelParts(tokens, before);
  const known = Object.keys(preTokenizers).join(", ");
  throw new TokenizerError(file, `it divides texts as "${kind}"; read are ${known}. ${wayOut}`);
}

/** Merges of bytes that are written as letters. */
function byteLevelParts(
  { tokens, merges }: GgufTokens,
  { ignoreMerges = false, ...before }: (typeof preTokenizers)[string],
): TokenizerPart {
  return {
    ...before,
    decoder: { type: "ByteLevel" },
    model: {
      type: "BPE",
      vocab: vocabulary(tokens),
      merges: merges.map((merge) => {
        const space = merge.indexOf(" ", 1);
        return [merge.slice(0, space), merge.slice(space + 1)];
      }),
      ignore_merges: ignoreMerges,
    },
  };
}

function addedTokens(tokens: readonly string[], types: readonly number[]): object[] {
  return types.flatMap((type, id) => {
    if (type !== controlType && type !== userType) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id, content: tokens[id], special: type === controlType, ...plain }];
  });
}
