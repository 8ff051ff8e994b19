/** Taggers: a score for each label, of every token. */
import type { Prompt } from "@mlxterp/core";
import { evaluate, mx } from "@mlxterp/mlx";
import { type Classification, classificationsOf } from "../heads/classification.js";
import type { ClassifierHead } from "../heads/classifier-head.js";
import type { ClassifierConfig } from "../heads/config.js";
import { HeadedModel } from "./headed-model.js";

/**
 * A model that says of every token what it is. Its layers have the sites of the language model; `output` is (batch, position,
 * labels).
 *
 * @example
 * const model = await loadModel("dslim/bert-base-NER", { as: TokenClassifier });
 * const [tags] = await model.classify("Mary lives in Paris");
 */
export class TokenClassifier extends HeadedModel<ClassifierHead, ClassifierConfig> {
  /** The names of what it tells apart, in the order of the scores. */
  get labels(): readonly string[] {
    return this.headConfig.labels;
  }

  /**
   * What every token of each text is.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
   */
  async classify(prompts: Prompt): Promise<Classification[][]> {
    const { lengths } = this.tokens(prompts);
    const scores = (await this.run(prompts)).get("output"); // (batch, position, labels)
    await evaluate([scores]);
    return lengths.map((length, row) =>
      classificationsOf(scores.index(row, mx.Slice(0, length)), this.labels),
    );
  }
}
