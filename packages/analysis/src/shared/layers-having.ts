/** The layers that have something which is asked for by a word: not every layer attends, or has an MLP. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { AnalysisModel } from "./model.js";
import { select } from "./select.js";

/** What is asked for. */
export interface LayerPart {
  /** The option that names it, such as `kinds`. */
  readonly option: string;
  /** What it is called there, such as `mlp`. */
  readonly word: string;
  /** Such as `layers.*.mlp`. */
  readonly site: string;
  /** What else may be chosen, such as "another kind". */
  readonly another: string;
}

/**
 * Those asked for, or all that have it.
 *
 * @throws OutOfRangeError (`OUT_OF_RANGE`); InvalidArgumentError (`INVALID_ARGUMENT`) for layers that do not have it
 */
export function layersHaving(
  model: AnalysisModel,
  { option, word, site, another }: LayerPart,
  chosen: readonly number[] | undefined,
): number[] {
  const asked = select("Layer", chosen, model.anatomy.layers);
  const names = new Set(model.sites().map((one) => one.site));
  const missing = asked.filter((layer) => !names.has(site.replace("*", `${layer}`)));
  if (missing.length < asked.length && (missing.length === 0 || !chosen)) {
    return asked.filter((layer) => !missing.includes(layer));
  }
  const which = missing.length === asked.length ? "none of these layers has it" : `layers ${missing.join(", ")} do not have it`; // biome-ignore format: one choice
  const rule = `"${word}" is ${site}, and ${which} in this model. Choose ${another}, or other layers.`;
  throw new InvalidArgumentError(option, word, rule);
}
