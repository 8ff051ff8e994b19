/** How alike features of two dictionaries are, by what they write. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryShapeError } from "../shared/errors.js";

/**
 * The cosines of all decoder rows of one dictionary with all of another.
 *
 * @returns (features of the first, features of the second)
 * @throws DictionaryShapeError (`DICTIONARY_SHAPE`) for dictionaries of other widths
 * @example
 * const dictionary = loadDictionary("tiny");
 * featureSimilarity(dictionary, dictionary).shape; // [256, 256]
 */
export function featureSimilarity(first: Dictionary, second: Dictionary = first): MxArray {
  checkDictionary("first", first);
  checkDictionary("second", second);
  const [width, other] = [first.config.outputWidth, second.config.outputWidth];
  if (width !== other) {
    throw new DictionaryShapeError(
      "The second dictionary's decoder",
      ["…", width],
      [second.config.features, other],
    );
  }
  const [a, b] = [unitRows(first), unitRows(second)];
  return mx.matmul(a, b.transpose());
}

/** A feature and the one that is most like it. */
export interface FeatureMatch {
  readonly feature: number;
  readonly match: number;
  readonly cosine: number;
}

/**
 * For every feature of one dictionary the one of another that writes most like it.
 *
 * @throws as `featureSimilarity`
 * @example
 * const dictionary = loadDictionary("tiny");
 * matchFeatures(dictionary, dictionary)[3].match; // 3
 */
export function matchFeatures(first: Dictionary, second: Dictionary): FeatureMatch[] {
  const cosines = featureSimilarity(first, second);
  const [matches, best] = [mx.argmax(cosines, 1), mx.max(cosines, 1)].map((array) => toFlat(array));
  return Array.from(matches, (match, feature) => ({ feature, match, cosine: best[feature] }));
}

/** Rows of nothing stay nothing. */
function unitRows({ weights: { decoder } }: Dictionary): MxArray {
  const norms = mx.sqrt(mx.sum(mx.square(decoder), 1, true));
  return mx.divide(decoder, mx.maximum(norms, 1e-12));
}
