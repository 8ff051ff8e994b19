/** A pair of encoders of texts and pictures, with the tokenizer of the texts. */
import {
  InterpretableModel,
  MissingAnatomyError,
  type Prompt,
  type Tokenizer,
} from "@mlxterp/core";
import {
  checkList,
  checkOptions,
  checkRecord,
  checkText,
  evaluate,
  InvalidArgumentError,
  type MxArray,
  mx,
} from "@mlxterp/mlx";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import { claimed, instanceOf } from "../decoder/model/pass-arguments.js";
import { UnsupportedFoldError } from "../errors.js";
import type { ImageTextConfig } from "../image-text/config.js";
import { ImageText } from "../image-text/image-text.js";
import type { Verification, VerifyOptions } from "../verify/verify-model.js";
import { verifyImageText } from "../verify-stacks/verify-stacks.js";

export interface ImageTextModelOptions {
  /** The description the module was made from. */
  readonly config: ImageTextConfig;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: the module's class. */
  readonly name?: string;
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * An interpretable model that compares texts with pictures, such as CLIP. A prompt is a text or several; pictures are an argument of the
 * pass, as pixels (images, channels, height, width), scaled as the checkpoint's image processor does. Sites are `text.layers.*` and
 * `vision.layers.*`; methods for a decoder alone refuse it.
 *
 * @example
 * const model = await loadModel("openai/clip-vit-base-patch32", { as: ImageTextModel });
 * const cache = await model.run(["a photo of a cat", "a photo of a dog"], {
 *   args: [{ pixels: mx.zeros([1, 3, 224, 224]) }],
 *   save: ["output", "vision.layers.*.selfAttn.pattern"],
 * });
 */
export class ImageTextModel extends InterpretableModel<ImageText> {
  readonly config: ImageTextConfig;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded. */
  readonly notes: readonly string[];

  constructor(module: ImageText, options: ImageTextModelOptions) {
    checkOptions<ImageTextModelOptions>("ImageTextModel", options, {
      ...{ config: checkRecord, tokenizer: checkRecord, name: checkText },
      ...{ checkpoint: checkRecord, notes: checkList },
    });
    instanceOf(ImageText, "an ImageText")("module", module);
    const { config, tokenizer, name, checkpoint, notes = [] } = options;
    super(module, {
      ...{ tokenizer, name, anatomy: anatomyOf(config) },
      forwardArguments: ({ ids, lengths }, given, changes) => {
        claimed(module, given, changes);
        requireEnds(ids, config);
        const [asked = {}] = given;
        checkRecord("args[0]", asked);
        return [{ lengths, ...(asked as object) }];
      },
    });
    this.config = config;
    this.checkpoint = checkpoint;
    this.notes = notes;
  }

  /**
   * Texts as vectors of length one.
   *
   * @returns (batch, width)
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
   */
  async embedTexts(texts: Prompt): Promise<MxArray> {
    const { channels, height, width } = this.config.vision;
    const pixels = mx.zeros([1, channels, height, width]); // nothing of them is computed
    return this.embedded(texts, pixels, "textEmbedding");
  }

  /**
   * Pictures as vectors of length one.
   *
   * @param pixels (images, channels, height, width)
   * @returns (images, width)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for pixels of another shape
   */
  async embedImages(pixels: MxArray): Promise<MxArray> {
    return this.embedded([[this.config.text.endToken ?? 0]], pixels, "imageEmbedding");
  }

  private async embedded(
    texts: Prompt,
    pixels: MxArray,
    site: "textEmbedding" | "imageEmbedding",
  ): Promise<MxArray> {
    const embedding = (await this.run(texts, { save: site, args: [{ pixels }] })).get(site);
    await evaluate([embedding]);
    return embedding;
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights: of both encoders, with a picture of noise.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyImageText(this, this.config, options);
  }

  /**
   * There is no such model: the last norm of each encoder adds a vector, and the projection behind it has no bias to take it.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) always
   */
  folded(): Promise<never> {
    const reason =
      "The last norm of each encoder adds a vector, and the projection that reads it has no bias to take it";
    const wayOut = "Read what norms give at their sites, such as text.finalNorm.";
    return Promise.reject(new UnsupportedFoldError("norms", reason, wayOut));
  }

  /**
   * Writes the model as a folder that `loadModel` and Hugging Face `transformers` read.
   *
   * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`), IncompleteWriteError (`INCOMPLETE_WRITE`), InvalidArgumentError
   * (`INVALID_ARGUMENT`)
   */
  save(folder: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, folder, options);
  }
}

/** A text without its end would be read off at its first token. */
function requireEnds(ids: readonly (readonly number[])[], { text }: ImageTextConfig): void {
  const { endToken } = text;
  const open = ids.find((row) => endToken !== undefined && !row.includes(endToken));
  if (!open) return;
  const rule = `a text of ids ends in the token ${endToken}, at which it is read off. Put it behind [${open.join(", ")}].`;
  throw new InvalidArgumentError("prompt", open, rule);
}

/** Layers and what follows from them are two things here, so that nobody takes one for the other. */
function anatomyOf({ text: { vocab, maxPositions } }: ImageTextConfig) {
  const twice = (part: string) => (): never => {
    const looked = ["text.layers", "vision.layers"];
    const wayOut = `Methods read models with one; run(), trace() and gradients() save and change places of both, such as "text.layers.0".`;
    throw new MissingAnatomyError(`one list of ${part} (it has two encoders)`, looked, wayOut);
  };
  return Object.defineProperty(
    { vocab, maxPositions, embed: twice("embeddings"), weights: twice("layers") },
    "layers",
    { get: twice("layers"), enumerable: true },
  );
}
