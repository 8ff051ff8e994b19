/**
 * Activation addition: a direction between two prompts, added while the model runs.
 *
 * What two prompts' last tokens hold at a site differs in what the prompts differ in. Their difference, times a factor, is
 * added at every position of whatever the model reads or writes next.
 *
 * Caveats. One pair of prompts differs in more than what is meant. Too large a factor breaks the text; a direction of the
 * same length at random says how much of the change is the direction's own.
 *
 * Source: Turner et al. 2023, "Activation Addition: Steering Language Models Without Optimization", arXiv 2308.10248.
 */
import { checkModel, type Intervention, type Interventions } from "@mlxterp/core";
import { addVector } from "@mlxterp/interventions";
import { evaluate, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { parseOptions } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import type { OnePrompt } from "../shared/prompts.js";
import { type ActivationAddition, activationAdditionOptions } from "./options.js";

/**
 * Interventions that add, at every position, the difference of what two prompts' last tokens hold at the site; for
 * `run`, `trace`, `edit` and generation alike.
 *
 * @param additions several at one site are added one after the other
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a site that is not one of shape (batch, position, hidden), and options that
 *   do not exist; UnknownSiteError (`UNKNOWN_SITE`)
 * @example
 * const steer = await activationAddition(model, { site: "layers.1", toward: "Anna", from: "John", factor: 2 });
 * const steered = model.edit(steer, { name: "towards Anna" });
 */
export async function activationAddition(
  model: AnalysisModel,
  ...additions: readonly ActivationAddition[]
): Promise<Interventions> {
  checkModel("model", model);
  const record: Record<string, Intervention[]> = {};
  for (const one of additions) {
    const asked = parseOptions("activationAddition", activationAdditionOptions, one);
    const direction = await directionBetween(model, asked);
    record[asked.site] ??= [];
    record[asked.site].push(addVector(direction, { scale: asked.factor }));
  }
  return record;
}

/** (hidden) */
async function directionBetween(
  model: AnalysisModel,
  { site, toward, from }: Pick<ActivationAddition, "site" | "toward" | "from">,
): Promise<MxArray> {
  const end = await lastOf(model, site, toward);
  const direction = from === undefined ? end : mx.subtract(end, await lastOf(model, site, from));
  await evaluate([direction]);
  return direction;
}

/** What the last token of a prompt holds: (hidden) */
async function lastOf(model: AnalysisModel, site: string, prompt: OnePrompt): Promise<MxArray> {
  const cache = await model.run(prompt, { save: site });
  const [name] = cache.keys();
  const value = cache.last(name); // (1, hidden)
  if (cache.size === 1 && value.ndim === 2) return value.reshape([-1]);
  const rule = "must be one site of shape (batch, position, hidden), such as layers.2.";
  throw new InvalidArgumentError("site", site, rule);
}
