/** Classifiers of pictures, with the sites of a language model's layers. */
import { InterpretableModel } from "@mlxterp/core";
import {
  checkList,
  checkOptions,
  checkRecord,
  checkText,
  evaluate,
  type MxArray,
} from "@mlxterp/mlx";
import { layerWeights } from "../anatomy/layer-weights.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import { instanceOf } from "../decoder/model/pass-arguments.js";
import type { FoldOptions } from "../folding/fold-decoder.js";
import { requireNoEdits } from "../folding/require-no-edits.js";
import { type Classification, classificationsOf } from "../heads/classification.js";
import type { Verification, VerifyOptions } from "../verify/verified.js";
import { verifyVision } from "../verify-stacks/verify-encoders.js";
import type { VisionConfig } from "../vision/config.js";
import { VisionEncoder } from "../vision/vision-encoder.js";
import { foldVision } from "./fold-vision.js";

export interface ImageClassifierOptions {
  /** The description the module was made from. */
  readonly config: VisionConfig;
  /** Shown in provenance. Default: the module's class. */
  readonly name?: string;
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * A model that says what a picture shows. Its prompt is an array of pixels, (batch, channels, height, width), scaled as the
 * checkpoint's image processor does; positions are patches, behind a first one that belongs to none.
 *
 * @example
 * const model = await loadModel("google/vit-base-patch16-224", { as: ImageClassifier });
 * const cache = await model.run(mx.zeros([1, 3, 224, 224]), { save: "layers.*.selfAttn.pattern" });
 */
export class ImageClassifier extends InterpretableModel<VisionEncoder> {
  readonly config: VisionConfig;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded. */
  readonly notes: readonly string[];

  constructor(encoder: VisionEncoder, options: ImageClassifierOptions) {
    checkOptions<ImageClassifierOptions>("ImageClassifier", options, {
      ...{ config: checkRecord, name: checkText, checkpoint: checkRecord, notes: checkList },
    });
    instanceOf(VisionEncoder, "a VisionEncoder")("encoder", encoder);
    const { config, name, checkpoint, notes = [] } = options;
    const { layers, heads, hidden } = config;
    super(encoder, {
      name,
      anatomy: {
        ...{ layers, heads, kvHeads: heads, headDim: hidden / heads, hidden },
        finalNorm: (residual) => encoder.finalNorm.forward(residual),
        weights: (layer) => layerWeights(encoder.layers, layer),
      },
    });
    this.config = config;
    this.checkpoint = checkpoint;
    this.notes = notes;
  }

  /** The names of what it tells apart, in the order of the scores. */
  get labels(): readonly string[] {
    return this.config.labels;
  }

  /**
   * What each picture shows.
   *
   * @param pixels (batch, channels, height, width)
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for pixels of another shape
   */
  async classify(pixels: MxArray): Promise<Classification[]> {
    const scores = (await this.run(pixels)).get("output"); // (batch, labels)
    await evaluate([scores]);
    return classificationsOf(scores, this.labels);
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights and two pictures of noise.
   *
   * @throws InvalidArgumentError (`INVALID_ARGUMENT`); the signal's reason when cancelled
   */
  verify(options?: Omit<VerifyOptions, "prompt">): Promise<Verification> {
    return verifyVision(this, this.config, options);
  }

  /**
   * A second model that computes the same, where norms only normalise: their weights and biases are in the matrices that read them.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring; InvalidArgumentError (`INVALID_ARGUMENT`) for a view with edits
   */
  async folded(options?: FoldOptions): Promise<ImageClassifier> {
    requireNoEdits(this);
    const { encoder, config } = await foldVision(this.module, this.config, options);
    return createModel(encoder, { config, name: `${this.name}, folded` });
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

/** Outside the class: bundlers rename one that names itself, and messages and consoles would show that name. */
function createModel(encoder: VisionEncoder, options: ImageClassifierOptions): ImageClassifier {
  return new ImageClassifier(encoder, options);
}
