/**
 * A mixture with each token's experts as they are. A gradient is that of the experts that were chosen; where a step moves a
 * token to another expert, differences jump by what the two say, which no gradient knows of.
 */
import type { InterpretableModelCore } from "@mlxterp/core";
import { type Module, type MxArray, mx } from "@mlxterp/mlx";
import { sitesLike } from "./subject.js";

type Model = InterpretableModelCore<Module>;

/** @returns the model itself where there are no experts */
export async function withFixedChoices(model: Model, ids: readonly number[]): Promise<Model> {
  const sites = sitesLike({ model }, /^layers\.\d+\.mlp\.expertIndices$/);
  if (sites.length === 0) return model;
  const chosen = await model.run([ids], { save: sites });
  const edits = sites.map((site) => {
    const indices = chosen.get(site); // (1, position, topK)
    return [site, (found: MxArray) => mx.broadcastTo(indices, found.shape)] as const;
  });
  return model.edit(Object.fromEntries(edits));
}
