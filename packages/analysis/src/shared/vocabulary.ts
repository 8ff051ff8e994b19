/** Which tokens of a vocabulary stand for text, and which stand before every text. */
import type { AnalysisModel } from "./model.js";

/** What the tokenizer puts before every text, such as a beginning-of-text token. */
export function startTokens({ tokenizer }: AnalysisModel): number[] {
  if (!tokenizer) return [];
  const [empty, text] = [tokenizer.encode(""), tokenizer.encode("a")];
  const differ = empty.findIndex((id, index) => text[index] !== id);
  return differ < 0 ? empty : empty.slice(0, differ);
}

/** Ids that stand for text: not special, not bytes, not beyond the tokenizer's vocabulary. */
export function usableTokens(model: AnalysisModel, start: readonly number[]): number[] {
  const { tokenizer, anatomy } = model;
  const size = Math.min(anatomy.vocab, tokenizer?.vocabSize ?? anatomy.vocab);
  const all = Array.from({ length: size }, (_, id) => id);
  if (!tokenizer) return all;
  const pieces = tokenizer.pieces(all);
  const usable = all.filter((id) => !start.includes(id) && !isMarked(pieces[id]));
  return usable.length > 1 ? usable : all;
}

/** Special tokens and single bytes are written in brackets: `<s>`, `<|endoftext|>`, `<0x0A>`, `[PAD]`. */
function isMarked(piece: string): boolean {
  return piece === "" || piece.includes("\ufffd") || /^(<[^\s<>]+>|\[[A-Z_]+\])$/.test(piece);
}
