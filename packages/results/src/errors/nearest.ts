/** What a user who misspelt a word probably meant. */

import { distance } from "fastest-levenshtein";
import { checkText, checkTexts, checkWholeNumber } from "./option-rules.js";

/** What is longer is no slip, and would take as long as it is. */
const longest = 200;

const compared = (word: string) => word.slice(0, longest).toLowerCase();

/**
 * The words that differ least from one, nearest first.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 * @example
 * nearestWords("layer", ["heads", "layers", "batchSize"], 1); // ["layers"]
 */
export function nearestWords(word: string, known: readonly string[], count = 3): string[] {
  checkText("word", word);
  checkTexts("known", known);
  checkWholeNumber("count", count);
  const meant = compared(word);
  return known
    .map((name) => ({ name, far: distance(meant, compared(name)) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, count)
    .map(({ name }) => name);
}

/**
 * `Did you mean "layers"? ` where a word is near enough to be a slip, else nothing.
 *
 * @example
 * didYouMean("layer", ["heads", "layers"]); // 'Did you mean "layers"? '
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const [nearest] = nearestWords(word, known, 1);
  if (nearest === undefined) return "";
  const far = distance(compared(word), compared(nearest));
  return far <= Math.max(2, Math.ceil(nearest.length / 3)) ? `Did you mean "${nearest}"? ` : "";
}
