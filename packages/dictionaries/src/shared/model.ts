/** What the methods of this package take as their model, and its prompts as results show them. */

import { checkModel, type InterpretableModelCore, type Prompt } from "@mlxterp/core";
import { InvalidArgumentError, isArray, type Module } from "@mlxterp/mlx";
import { type Fed, type TokenLabel, tokenTexts } from "@mlxterp/results";

/** An `InterpretableModel`, for example what `loadModel` returns. */
export type DictionaryModel = InterpretableModelCore<Module>;

/** The pieces of text behind ids; the ids themselves without a tokenizer. */
export function piecesOf({ tokenizer }: DictionaryModel, ids: readonly number[]): string[] {
  return tokenTexts(tokenizer, ids);
}

export function promptFed(model: DictionaryModel, ids: readonly number[]): Fed {
  return { role: "prompt", ids: [...ids], pieces: piecesOf(model, ids) };
}

export function tokenLabels(model: DictionaryModel, ids: readonly number[]): TokenLabel[] {
  const pieces = piecesOf(model, ids);
  return ids.map((id, position) => ({ id, text: pieces[position], position }));
}

/** Each prompt of an input as ids, whatever form it came in. */
export function promptsAsIds(model: DictionaryModel, input: Prompt): number[][] {
  checkModel("model", model);
  const one = typeof input === "string" || (Array.isArray(input) && typeof input[0] === "number");
  const prompts = one && !isArray(input) ? [input] : input;
  return model.tokens(prompts as readonly string[]).ids.map((ids) => [...ids]);
}

/**
 * The library's own name of one site.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`); InvalidArgumentError (`INVALID_ARGUMENT`) for a pattern of several
 */
export function ownSite(model: DictionaryModel, name: string): string {
  checkModel("model", model);
  const found = model.sites(name);
  if (found.length === 1) return found[0].site;
  const rule = `one site is needed, and it names ${found.length}.`;
  throw new InvalidArgumentError("site", name, rule);
}
