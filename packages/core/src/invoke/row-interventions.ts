/** Interventions of one invocation, made to act on its rows of the batch. */
import { InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { applyIn, isGrowing } from "../pass/apply.js";
import type { Intervention, Interventions } from "../pass/intervention.js";
import { skipOptions } from "../pass/skip.js";
import type { TokenBatch } from "../tokens/tokens.js";
import { InvocationRowsError } from "./errors.js";
import { type Place, putRegion, regionOf, takeRegion } from "./rows.js";

/** Whose rows. */
interface RowOwner {
  readonly place: Place;
  /** Its own prompts, as they would be alone. */
  readonly tokens: TokenBatch | undefined;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what concerns the whole batch: more rows, or no call of a module */
export function checkRowInterventions(interventions: Interventions): void {
  for (const [selector, given] of Object.entries(interventions)) {
    for (const intervention of [given].flat()) {
      const reason = isGrowing(intervention)
        ? "grows the batch, which is shared with the other prompts"
        : skipOptions(intervention)
          ? "leaves a module out, which is called once for all prompts"
          : undefined;
      if (reason === undefined) continue;
      const rule = `the intervention for "${selector}" ${reason}. Trace this prompt by itself.`;
      throw new InvalidArgumentError("interventions", intervention, rule);
    }
  }
}

/** The same interventions as functions of the whole batch; each sees what it would see if its prompts were alone. */
export function rowInterventions(interventions: Interventions, owner: RowOwner): Interventions {
  const entries = Object.entries(interventions).map(([selector, given]) => [
    selector,
    [given].flat().map((intervention) => onRows(intervention, owner)),
  ]);
  return Object.fromEntries(entries) as Interventions;
}

function onRows(intervention: Intervention, { place, tokens }: RowOwner): Intervention {
  return (x: MxArray, context) => {
    const { site, axes } = context;
    const region = regionOf({ site, axes, shape: x.shape }, place);
    if (region.shared) {
      const reason = "is one value for all prompts, so it cannot be changed for some of them";
      throw new InvocationRowsError(site, x.shape, reason, "Change it with model.edit instead.");
    }
    const changed = applyIn({ ...context, tokens }, intervention, takeRegion(x, region));
    return putRegion(x, region, changed);
  };
}
