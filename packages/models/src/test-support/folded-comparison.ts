/** How far a folded model is from transformers. */
import type { MxArray } from "@mlxterp/mlx";
import type { LanguageModel, RecurrentModel } from "../index.js";
import { maxDifference, rows } from "./reference.js";

/** The largest difference of the folded model's logits. */
export async function compareFolded(
  model: LanguageModel | RecurrentModel,
  activations: Record<string, MxArray>,
): Promise<number> {
  const folded = await model.folded();
  const logits = (await folded.run(rows(activations.input_ids))).get("output");
  return maxDifference(logits, activations.logits);
}
