/** A result from what a method found: what was fed and where it comes from are filled in. */
import { type Prompt, provenanceOf } from "@mlxterp/core";
import { checkResult, type Grids, type Note, type Result, type Tables } from "@mlxterp/results";
import { checkOptions, checkText } from "@mlxterp/results/errors";
import { askedOf } from "./asked.js";
import type { AnalysisModel } from "./model.js";
import { fedOf, promptIds, promptList } from "./prompts.js";

/** What a method of one's own found. */
export interface Found<G extends Grids, T extends Tables> {
  /** Its options, so that it can be run again. */
  readonly asked?: object;
  readonly grids?: G;
  readonly tables?: T;
  readonly notes?: readonly Note[];
}

/**
 * A whole result of a method of one's own.
 *
 * @param prompts as they were given to the method
 * @example
 * const tables = { depth: createTable(["layers"], [{ layers: model.anatomy.layers }]) };
 * createResult("depth", model, prompt, { tables }).fed[0].role; // "prompt"
 */
export function createResult<
  const Name extends string,
  G extends Grids = Record<never, never>,
  T extends Tables = Record<never, never>,
>(name: Name, model: AnalysisModel, prompts: Prompt, found: Found<G, T>): Result<Name, G, T> {
  checkText("name", name);
  checkOptions<Found<G, T>>("createResult", found, { asked: true, grids: true, tables: true, notes: true }); // biome-ignore format: one line
  const { asked = {}, grids = {} as G, tables = {} as T, notes = [] } = found;
  const ids = promptIds(model, promptList(model, prompts));
  const result = {
    ...{ method: name, asked: askedOf(asked), fed: ids.map((own) => fedOf(model, "prompt", own)) },
    ...{ grids, tables, notes, provenance: provenanceOf(model) },
  };
  checkResult("found", result, { method: name, grids: {}, tables: {} });
  return result as Result<Name, G, T>;
}
