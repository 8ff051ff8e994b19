/** A view of a model with the interventions of a request, which are data: nothing here can hold code. */
import { parseInterventions } from "@mlxterp/interventions";
import type { LanguageModel } from "@mlxterp/models";

/**
 * @param json interventions by site, in the form that `interventionsToJSON` writes
 * @throws InvalidInterventionError (`INVALID_INTERVENTION`), UnknownSiteError (`UNKNOWN_SITE`)
 */
export function changedModel(model: LanguageModel, json: unknown): LanguageModel {
  if (json === undefined) return model;
  const interventions = parseInterventions(json);
  for (const site of Object.keys(interventions)) model.sites(site); // tells a misspelt name
  return Object.keys(interventions).length === 0 ? model : model.edit(interventions);
}
