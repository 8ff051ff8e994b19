/** Embedding models: one vector for each text. */
import type { Prompt } from "@mlxterp/core";
import { checkOptions, checkText, evaluate, InvalidArgumentError, toFlat } from "@mlxterp/mlx";
import type { SaveOptions } from "../checkpoint/saving/save-model.js";
import { UnsupportedSaveError } from "../errors.js";
import type { EmbeddingConfig } from "../heads/config.js";
import type { EmbeddingHead } from "../heads/embedding-head.js";
import { HeadedModel } from "./headed-model.js";

export interface EncodeTextOptions {
  /** The name of what stands before each text, of those in `model.headConfig.prompts`. Default: the model's own default. */
  readonly prompt?: string;
}

/**
 * A model that makes a vector of a text. Its layers have the sites of the language model; `output` is (batch, width).
 *
 * @example
 * const model = await loadModel("sentence-transformers/all-MiniLM-L6-v2", { as: EmbeddingModel });
 * const [vector] = await model.encode("A quiet, lovely film."); // Float32Array
 */
export class EmbeddingModel extends HeadedModel<EmbeddingHead, EmbeddingConfig> {
  /**
   * The vectors of texts, as sentence-transformers makes them; no text is cut off.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), InvalidArgumentError (`INVALID_ARGUMENT`) for a prompt that it does not have
   */
  async encode(texts: Prompt, options: EncodeTextOptions = {}): Promise<Float32Array[]> {
    checkOptions<EncodeTextOptions>("encode", options, { prompt: checkText });
    const before = this.promptText(options.prompt);
    const whole = before === "" ? texts : behind(before, texts);
    const vectors = (await this.run(whole)).get("output"); // (batch, width)
    await evaluate([vectors]);
    const [rows, width] = vectors.shape;
    const numbers = Float32Array.from(toFlat(vectors) as ArrayLike<number>);
    return Array.from({ length: rows }, (_, row) => numbers.slice(row * width, (row + 1) * width));
  }

  /**
   * Writes the model as a folder that `loadModel` reads with its way of pooling. The folder appears complete or not at all.
   *
   * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`) for one with further layers, which lie in folders of their own, and for what
   * cannot be saved otherwise; IncompleteWriteError (`INCOMPLETE_WRITE`), InvalidArgumentError (`INVALID_ARGUMENT`)
   */
  override async save(folder: string, options?: SaveOptions): Promise<void> {
    if (this.headConfig.layers.length > 0) {
      const rule =
        "its further layers lie in folders of their own, which are not written. Save their arrays with writeTensors.";
      throw new UnsupportedSaveError(this.name, rule);
    }
    await super.save(folder, options);
  }

  private promptText(name: string | undefined): string {
    const { prompts, defaultPrompt } = this.headConfig;
    const wanted = name ?? defaultPrompt;
    if (wanted === undefined) return "";
    if (Object.hasOwn(prompts, wanted)) return prompts[wanted];
    const known = Object.keys(prompts).join(", ") || "none";
    throw new InvalidArgumentError("prompt", wanted, `this model has the prompts: ${known}.`);
  }
}

function behind(before: string, texts: Prompt): Prompt {
  if (typeof texts === "string") return before + texts;
  if (Array.isArray(texts) && texts.every((text) => typeof text === "string")) {
    return texts.map((text) => before + text);
  }
  const rule = "a prompt stands before texts, not before tokens. Leave it out, or give texts.";
  throw new InvalidArgumentError("texts", texts, rule);
}
