/** What stands for tokens where people read them. */
import { checkInteger, checkList, checkMethods } from "../errors/option-rules.js";

/** What is asked of a tokenizer. */
interface Pieces {
  pieces(ids: readonly number[]): string[];
  readonly vocabSize: number;
}

/**
 * The texts of token ids; the ids themselves without a tokenizer, and for rows of an embedding beyond its vocabulary, which have no text.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no list of whole numbers, and what is no tokenizer
 * @example
 * tokenTexts(undefined, [3, 5]); // ["3", "5"]
 * tokenTexts(model.tokenizer, model.tokenizer?.encode("Once upon a time") ?? []); // one text for each token
 */
export function tokenTexts(tokenizer: Pieces | undefined, ids: readonly number[]): string[] {
  checkList("ids", ids);
  for (const [place, id] of ids.entries()) checkInteger(`ids[${place}]`, id);
  if (tokenizer === undefined) return ids.map(String);
  checkMethods("tokenizer", tokenizer, ["pieces"], "a tokenizer");
  return ids.map((id) => (id < tokenizer.vocabSize ? tokenizer.pieces([id])[0] : `<${id}>`));
}
