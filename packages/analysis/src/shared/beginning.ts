/** What passes go on from that leave out the positions before their first change. */
import type { InterpretableModelCore } from "@mlxterp/core";
import type { Module, MxArray } from "@mlxterp/mlx";
import { lazyPass } from "./lazy-pass.js";
import type { AnalysisModel } from "./model.js";

/** Keys and values of texts that were read to their end. */
interface ReadTexts {
  arrays(): MxArray[];
  beginning(length: number, rowsOf: (layer: number) => readonly number[]): object;
}

/** A model of which positions before a change stay as they are, and that can be told what they are. */
interface GoesOn extends InterpretableModelCore<Module> {
  readonly module: Module & { readonly bothWays: false };
  createCache(options: { readonly sliding: boolean }): ReadTexts;
  positionRegime(length: number): string;
}

export interface Beginning {
  /**
   * The arguments of a pass over the rest of the texts.
   *
   * @param from how many positions are left out
   * @param rowsOf of each layer, which of the texts each row goes on from
   */
  args(from: number, rowsOf: (layer: number) => readonly number[]): readonly unknown[];
}

/**
 * Whether passes of a model can leave out these positions: a decoder that keeps keys and values. Mixers keep a state, which is that of one
 * position only; what edits of a view do may depend on all of them.
 */
export function canGoOn(
  model: AnalysisModel,
  length: number,
  from: number,
): model is AnalysisModel & GoesOn {
  const { module, createCache, positionRegime, edits } = model as Partial<GoesOn> & AnalysisModel;
  if (edits.length > 0 || !createCache || !positionRegime) return false;
  if (!("bothWays" in module) || module.bothWays !== false) return false;
  if (!("beginning" in createCache.call(model, { sliding: false }))) return false;
  return positionRegime.call(model, from) === positionRegime.call(model, length);
}

/** @param ids texts of one length */
export async function readBeginning(
  model: AnalysisModel & GoesOn,
  ids: readonly (readonly number[])[],
): Promise<Beginning> {
  const cache = model.createCache({ sliding: false });
  await lazyPass(model, ids, { args: [{ cache }] }, () => cache.arrays());
  return { args: (from, rowsOf) => [{ cache: cache.beginning(from, rowsOf) }] };
}
