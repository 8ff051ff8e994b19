/** Words to token ids and back; the special tokens come first. */
import { words } from "./sentences/index.js";

export const specialTokens = ["<pad>", "<bos>", "<eos>", "<unk>"] as const;

export const padId = 0;
export const bosId = 1;
export const eosId = 2;
export const unknownId = 3;

/** Every token; its index is its id. */
export const tokens: readonly string[] = [...specialTokens, ...words];

const ids = new Map(tokens.map((token, id) => [token, id]));

/** The ids of words, `<unk>` for those the model does not have. */
export function encodeWords(list: readonly string[]): number[] {
  return list.map((word) => ids.get(word) ?? unknownId);
}
