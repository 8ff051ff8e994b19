/** Dictionaries that nobody trained, to compare one with: what is explained without having learnt anything. */
import { checkInteger, mx } from "@mlxterp/mlx";
import { checkChoice } from "@mlxterp/results";
import { checkDictionary } from "../dictionary/check-dictionary.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { keyOf, rowsOfNorm } from "../training/initialize.js";

/**
 * Of the same size and the same way of choosing features, with other directions: `random` has an encoder and a decoder that know nothing of
 * each other, `untrained` an encoder that looks for what the decoder writes, as trainings begin.
 *
 * @example
 * nullDictionary(loadDictionary("tiny"), "random", 0).config.features; // 256
 */
export function nullDictionary(
  dictionary: Dictionary,
  kind: "random" | "untrained",
  seed: number,
): Dictionary {
  checkDictionary("dictionary", dictionary);
  checkChoice("kind", kind, ["random", "untrained"]);
  checkInteger("seed", seed);
  const { config, weights } = dictionary;
  const { features, inputWidth, outputWidth } = config;
  const draw = (shape: readonly number[], part: number) =>
    mx.random.normal(shape, mx.float32, 0, 1, keyOf(seed, part));
  const decoder = rowsOfNorm(draw([features, outputWidth], 0), 1);
  const tied = kind === "untrained" && inputWidth === outputWidth;
  const encoder = tied
    ? decoder.transpose()
    : rowsOfNorm(draw([features, inputWidth], 1), 1).transpose();
  return new Dictionary(config, { ...weights, encoder, decoder, skip: undefined });
}
