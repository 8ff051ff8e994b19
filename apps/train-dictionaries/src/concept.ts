/** Which feature is on at some words, or before them, and nowhere else. */
import type { Dictionary } from "@mlxterp/dictionaries";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";

/** What a dictionary reads of texts, and which of their tokens are one of the words. */
export interface Rows {
  readonly x: MxArray; // (tokens, hidden)
  readonly tokens: readonly string[];
  /** 1 where a token is one of the words, or is followed by one, (tokens). */
  readonly isWord: Float32Array;
  /** The tokens that are. */
  readonly ids: ReadonlySet<number>;
}

/** Whether a feature shall be on at the words, or at the token before: late layers hold what comes next. */
type Where = "at" | "before";

/** Of all tokens but each text's first. */
export async function rowsOf(
  model: LanguageModel,
  { config }: Dictionary,
  texts: readonly (readonly number[])[],
  words: readonly string[],
  where: Where,
): Promise<Rows> {
  const site = model.sites(config.site as string)[0].site;
  const parts: MxArray[] = [];
  for (const ids of texts) {
    using cache = await model.run([[...ids]], { save: site });
    parts.push(cache.get(site).index(0, mx.Slice(1)).astype(mx.float32));
  }
  const { tokenizer } = model;
  if (!tokenizer) throw new Error("words need a model with a tokenizer.");
  const every = Array.from({ length: tokenizer.vocabSize }, (_, id) => id);
  const pieces = tokenizer.pieces(every);
  const wanted = new Set(words.map((word) => word.toLowerCase()));
  const plain = (piece: string) =>
    piece
      .replace(/^[▁Ġ\s]+/, "")
      .trim()
      .toLowerCase();
  const ids = new Set(every.filter((id) => wanted.has(plain(pieces[id]))));
  const given = texts.flatMap((text) => text.slice(1));
  const judged =
    where === "at" ? given : texts.flatMap((text) => text.slice(1).map((_, at) => text[at + 2]));
  return {
    x: mx.concatenate(parts, 0),
    tokens: given.map((id) => pieces[id]),
    isWord: Float32Array.from(judged, (id) => (id !== undefined && ids.has(id) ? 1 : 0)),
    ids,
  };
}

/** The F1 of every feature: 2 · hits / (on + words), (features). */
function allF1(dictionary: Dictionary, { x, isWord }: Rows): ArrayLike<number> {
  const on = mx.greater(dictionary.encode(x), 0).astype(mx.float32); // (tokens, features)
  const labels = mx.array([...isWord]).reshape([1, isWord.length]);
  const hits = mx.matmul(labels, on);
  const all = mx.add(mx.sum(on, 0, true), mx.sum(labels));
  return toFlat(mx.divide(mx.multiply(hits, 2), all));
}

export function bestFeature(dictionary: Dictionary, rows: Rows): { feature: number; f1: number } {
  const values = [...Array.from(allF1(dictionary, rows))];
  const f1 = Math.max(...values);
  return { feature: values.indexOf(f1), f1 };
}

export function f1Of(dictionary: Dictionary, feature: number, rows: Rows): number {
  return allF1(dictionary, rows)[feature];
}
