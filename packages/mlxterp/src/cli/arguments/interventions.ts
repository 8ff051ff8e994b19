/** Interventions named on the command line. */
import type { Interventions } from "@mlxterp/core";
import type { LanguageModel } from "@mlxterp/models";
import { texts } from "./options.js";

export const interveneOption = texts(
  "change a site: 'layers.3.mlp=scale(0.5)', 'layers.2.selfAttn.z=atHeads([1], zeroOut())'",
  "site=change",
);

/**
 * @param entries of the form `site=intervention`
 * @throws InterventionSyntaxError (`INTERVENTION_SYNTAX`), UnknownSiteError (`UNKNOWN_SITE`)
 */
export async function readInterventions(
  model: LanguageModel,
  entries: readonly string[],
): Promise<Interventions> {
  const { parseInterventionEntries } = await import("@mlxterp/interventions");
  const interventions = parseInterventionEntries(entries);
  for (const site of Object.keys(interventions)) model.sites(site); // tells a misspelt name
  return interventions;
}
