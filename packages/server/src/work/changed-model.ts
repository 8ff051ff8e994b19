/** A view of a model with the interventions of a request, which are data: nothing here can hold code. */
import { parseInterventions } from "@mlxterp/interventions";
import type { LanguageModel } from "@mlxterp/models";
import { LimitError } from "../errors/errors.js";

/**
 * @param json interventions by site, in the form that `interventionsToJSON` writes
 * @param most changes of values in one pass, at all sites together: to build more takes a while, in which nobody else has a turn
 * @throws LimitError (`LIMIT`) for more changes than a pass may have; InvalidInterventionError (`INVALID_INTERVENTION`), UnknownSiteError (`UNKNOWN_SITE`)
 */
export function changedModel(model: LanguageModel, json: unknown, most: number): LanguageModel {
  if (json === undefined) return model;
  const interventions = parseInterventions(json);
  let changes = 0;
  for (const [site, given] of Object.entries(json as object)) {
    changes += model.sites(site).length * objectsIn(given); // tells a misspelt name, too
  }
  if (changes > most) {
    throw new LimitError("interventions", most, `The interventions change values ${changes} times in a pass`); // biome-ignore format: one line
  }
  return Object.keys(interventions).length === 0 ? model : model.edit(interventions);
}

/** Interventions, with those inside them. */
function objectsIn(json: unknown): number {
  if (typeof json !== "object" || json === null) return 0;
  const inside = Object.values(json).reduce((sum: number, one) => sum + objectsIn(one), 0);
  return inside + (Array.isArray(json) ? 0 : 1);
}
