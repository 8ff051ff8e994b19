/** Which layers attend: all of a transformer's, some of a hybrid's, none of a recurrent model's. */
import { checkModel, MissingAnatomyError } from "@mlxterp/core";
import { range } from "./lists.js";
import type { AnalysisModel } from "./model.js";
import { select } from "./select.js";

/** Those whose heads show what they look at or mix, in order. */
export function layersThatAttend(model: AnalysisModel): number[] {
  const names = new Set(model.sites().map(({ site }) => site));
  return range(model.anatomy.layers).filter((layer) =>
    ["pattern", "z"].some((part) => names.has(`layers.${layer}.selfAttn.${part}`)),
  );
}

/**
 * The layers that a method of heads looks at: those asked for, or all that attend.
 *
 * @param method as a caller knows it, such as `attentionPatterns`
 * @throws OutOfRangeError (`OUT_OF_RANGE`); MissingAnatomyError (`MISSING_ANATOMY`) where none attends, or one that was asked for does not
 */
export function attendingLayers(
  method: string,
  model: AnalysisModel,
  chosen?: readonly number[],
): number[] {
  checkModel("model", model);
  const asked = select("Layer", chosen, model.anatomy.layers);
  const there = layersThatAttend(model);
  const site = ["layers.*.selfAttn.pattern", "layers.*.selfAttn.z"];
  if (there.length === 0) {
    const way = `${method} is about heads, and no layer of this model attends; the stream and what is written to it can be patched (activationPatching), read (logitLens) and measured (siteStatistics).`;
    throw new MissingAnatomyError("heads", site, way);
  }
  if (!chosen) return there;
  const missing = asked.filter((layer) => !there.includes(layer));
  if (missing.length === 0) return asked;
  const way = `${method} is about heads; layers that have them: ${there.join(", ")}.`;
  throw new MissingAnatomyError(`heads in ${missing.map((layer) => `layer ${layer}`).join(", ")}`, site, way); // biome-ignore format: one error
}
