/** The parts of SentencePiece's tokenizer that a GGUF file has as scores. */
import { mergesOfScores } from "../../tokenizer/sentence-piece/score-merges.js";
import { type GgufTokens, vocabulary } from "./gguf-tokens.js";
import type { TokenizerPart } from "./pre-tokenizers.js";

const space = "▁";

export function sentencePieceParts({
  tokens,
  scores,
  unknown,
  addSpacePrefix,
}: GgufTokens): TokenizerPart {
  const replace = { type: "Replace", pattern: { String: " " }, content: space };
  const prepend = { type: "Prepend", prepend: space };
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  return {
    normalizer: { type: "Sequence", normalizers: addSpacePrefix ? [prepend, replace] : [replace] },
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: space }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        ...(addSpacePrefix ? [strip] : []),
      ],
    },
    model: {
      type: "BPE",
      vocab: vocabulary(tokens),
      merges: mergesOfScores(tokens, scores),
      unk_token: unknown ?? null,
      fuse_unk: true,
      byte_fallback: true,
    },
  };
}
