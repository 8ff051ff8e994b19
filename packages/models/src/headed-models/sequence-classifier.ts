/** Classifiers and reward models: a score for each label, of whole texts. */
import type { Prompt } from "@mlxterp/core";
import { evaluate } from "@mlxterp/mlx";
import { type Classification, classificationsOf } from "../heads/classification.js";
import type { ClassifierHead } from "../heads/classifier-head.js";
import type { ClassifierConfig } from "../heads/config.js";
import { HeadedModel } from "./headed-model.js";

/**
 * A model that says what kind of text it reads, or how good a text is. Its layers have the sites of the language model;
 * `output` is (batch, labels).
 *
 * @example
 * const model = await loadModel("distilbert/distilbert-base-uncased-finetuned-sst-2-english", { as: SequenceClassifier });
 * const [{ label, score }] = await model.classify("A quiet, lovely film.");
 */
export class SequenceClassifier extends HeadedModel<ClassifierHead, ClassifierConfig> {
  /** The names of what it tells apart, in the order of the scores. */
  get labels(): readonly string[] {
    return this.headConfig.labels;
  }

  /**
   * What kind each text is of.
   *
   * @returns for each text the likeliest label and the probabilities of all; of a model with one label, a reward model, its
   * score as it is
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`)
   */
  async classify(prompts: Prompt): Promise<Classification[]> {
    const scores = (await this.run(prompts)).get("output"); // (batch, labels)
    await evaluate([scores]);
    return classificationsOf(scores, this.labels);
  }
}
