/** What features say directly: the tokens that their decoder rows make more or less likely. */
import { checkModel } from "@mlxterp/core";
import { checkList, checkPositiveInteger, mx, toFlat, topK } from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryShapeError } from "../shared/errors.js";
import { type DictionaryModel, piecesOf } from "../shared/model.js";
import { featureNumber } from "./splice-dictionary.js";

/** A token, and how much a feature moves its logit. */
export interface LogitEffect {
  readonly id: number;
  readonly text: string;
  readonly effect: number;
}

export interface FeatureLogits {
  readonly feature: number;
  readonly promotes: readonly LogitEffect[];
  readonly suppresses: readonly LogitEffect[];
}

/**
 * What the unembedding makes of decoder rows, through the final norm and without the layers between: a row is taken at the length that
 * the norm gives to what it reads, and the mean over the vocabulary is left out. Effects of one feature compare with each other; how large they are
 * in a run depends on what else is in the residual stream.
 *
 * @param features by number
 * @param top how many tokens each way; default 5
 * @throws MissingAnatomyError (`MISSING_ANATOMY`); DictionaryShapeError (`DICTIONARY_SHAPE`) for one that does not write
 * into the residual stream
 * @example
 * const [{ promotes }] = logitEffects(model, loadDictionary("tiny"), [7]);
 * promotes.length; // 5
 */
export function logitEffects(
  model: DictionaryModel,
  dictionary: Dictionary,
  features: readonly number[],
  top = 5,
): FeatureLogits[] {
  checkModel("model", model);
  checkDictionary("dictionary", dictionary);
  checkList("features", features);
  checkPositiveInteger("top", top);
  const { features: all, outputWidth } = dictionary.config;
  const { hidden } = model.anatomy;
  if (outputWidth !== hidden) {
    throw new DictionaryShapeError("What the dictionary writes", [hidden], [outputWidth]);
  }
  const chosen = features.map((feature) => featureNumber(feature, all));
  if (chosen.length === 0) return [];
  const rows = mx.take(dictionary.directions(), mx.array(chosen, mx.int32), 0);
  const { anatomy } = model;
  const read = (x: ReturnType<typeof mx.array>) => anatomy.unembed(anatomy.finalNorm(x));
  const logits = mx.subtract(read(rows), read(mx.zeros([1, hidden])));
  const effects = mx.subtract(logits, mx.mean(logits, -1, true)); // (chosen, vocab)
  const count = Math.min(top, effects.shape[1]);
  const most = effectsOf(model, topK(effects, count), 1);
  const least = effectsOf(model, topK(mx.negative(effects), count), -1);
  return chosen.map((feature, at) => ({ feature, promotes: most[at], suppresses: least[at] }));
}

function effectsOf(
  model: DictionaryModel,
  { values, indices }: ReturnType<typeof topK>,
  sign: 1 | -1,
): LogitEffect[][] {
  const [rows, count] = indices.shape;
  const [effects, ids] = [toFlat(values), toFlat(indices)];
  return Array.from({ length: rows }, (_, row) => {
    const own = Array.from(ids.subarray(row * count, (row + 1) * count));
    const texts = piecesOf(model, own);
    return own.map((id, at) => ({ id, text: texts[at], effect: sign * effects[row * count + at] }));
  });
}
