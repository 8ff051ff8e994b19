/**
 * SentencePiece's byte-pair encoding from scores: of all neighbours the pair is merged whose whole has the highest score,
 * so the list of merges is the list of pairs, ordered by it.
 * Source: Kudo & Richardson 2018, "SentencePiece", section 3.
 */
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
      merges: mergesOf(tokens, scores),
      unk_token: unknown ?? null,
      fuse_unk: true,
      byte_fallback: true,
    },
  };
}

/** Of several ways to one whole the one with the earlier pieces comes first, as in files that were converted before. */
function mergesOf(tokens: readonly string[], scores: readonly number[]): string[][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges: { readonly pair: string[]; readonly score: number; readonly left: number }[] = [];
  for (const [id, token] of tokens.entries()) {
    const letters = [...token];
    for (let cut = 1; cut < letters.length; cut++) {
      const pair = [letters.slice(0, cut).join(""), letters.slice(cut).join("")];
      const [left, right] = pair.map((part) => ids.get(part));
      if (left === undefined || right === undefined) continue;
      merges.push({ pair, score: scores[id] ?? 0, left });
    }
  }
  return merges.sort((a, b) => b.score - a.score || a.left - b.left).map(({ pair }) => pair);
}
