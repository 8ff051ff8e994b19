/** The model that another one is compared with. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import type { AnalysisModel } from "./model.js";
import { textOf } from "./prompts.js";

/**
 * @param prompts what both are fed, as ids of `model`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a name, which no method can load, for a model of another vocabulary, and for one
 *   whose tokenizer has another text for an id of the prompts
 */
export function otherModel(
  model: AnalysisModel,
  other: AnalysisModel | string,
  prompts: readonly (readonly number[])[],
): AnalysisModel {
  if (typeof other === "string") {
    throw new InvalidArgumentError("other", other, "is a name; load it (loadModel) and give the model."); // biome-ignore format: one line
  }
  if (other.anatomy.vocab !== model.anatomy.vocab) {
    throw new InvalidArgumentError("other", other.name, `has ${other.anatomy.vocab} tokens, and this model ${model.anatomy.vocab}: the same ids would be other words.`); // biome-ignore format: one line
  }
  if (!other.tokenizer || !model.tokenizer || other.tokenizer === model.tokenizer) return other;
  const ids = [...new Set(prompts.flat())];
  const [own, theirs] = [model, other].map((one) => textOf(one, ids));
  const at = own.findIndex((text, index) => text !== theirs[index]);
  if (at < 0) return other;
  throw new InvalidArgumentError("other", other.name, `reads ${JSON.stringify(theirs[at])} where this model reads ${JSON.stringify(own[at])} (token ${ids[at]}): the same ids are other words. Compare models of one tokenizer.`); // biome-ignore format: one line
}
