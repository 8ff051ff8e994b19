/** How large activations are, without computing them. */
import type { AnalysisModel } from "../shared/model.js";

export type Shapes = ReadonlyMap<string, readonly number[]>;

/** @param ids a prompt that the graph is built for; nothing of it is evaluated */
export function shapesOf(
  model: AnalysisModel,
  ids: readonly number[],
  sites: readonly string[],
): Shapes {
  if (sites.length === 0) return new Map();
  const trace = model.trace([ids]);
  try {
    return new Map(sites.map((site) => [site, trace.at(site).value.shape]));
  } finally {
    trace.dispose(); // nothing is saved in it, so nothing is computed here
  }
}
