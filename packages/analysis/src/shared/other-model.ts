/** The model that another one is compared with. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { AnalysisModel } from "./model.js";

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a name, which no method can load, and a model of another vocabulary */
export function otherModel(model: AnalysisModel, other: AnalysisModel | string): AnalysisModel {
  if (typeof other === "string") {
    throw new InvalidArgumentError("other", other, "is a name; load it (loadModel) and give the model."); // biome-ignore format: one line
  }
  if (other.anatomy.vocab === model.anatomy.vocab) return other;
  throw new InvalidArgumentError("other", other.name, `has ${other.anatomy.vocab} tokens, and this model ${model.anatomy.vocab}: the same ids would be other words.`); // biome-ignore format: one line
}
