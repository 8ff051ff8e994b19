/** A bidirectional encoder with its tokenizer: prompts with gaps in, activations and logits out. */

import { InterpretableModel, type Prompt, type Tokenizer } from "@mlxterp/core";
import { checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import { layerWeights } from "../anatomy/layer-weights.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import type { DecoderConfig } from "../decoder/config/config.js";
import { claimed, instanceOf } from "../decoder/model/pass-arguments.js";
import { Bert } from "../encoder/bert.js";
import type { BertConfig } from "../encoder/config.js";
import type { BertPassOptions } from "../encoder/encoder-body.js";
import type { MaskedModule } from "../encoder/masked-module.js";
import { TwoSidedEncoder } from "../encoder/two-sided-encoder.js";
import { NotGenerativeError, UnsupportedFoldError } from "../errors.js";
import type { FoldOptions } from "../folding/fold-decoder.js";
import { foldTwoSided } from "../folding/fold-encoder.js";
import { requireNoEdits } from "../folding/require-no-edits.js";
import { checkDescription } from "../generative-base/options.js";
import type { Verification, VerifyOptions } from "../verify/verified.js";
import { verifyMasked } from "../verify-stacks/verify-encoders.js";

export interface MaskedLanguageModelOptions {
  /** The description the module was made from. */
  readonly config: BertConfig | DecoderConfig;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: `Bert`. */
  readonly name?: string;
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * An interpretable encoder. Padding is hidden from every token, so a prompt in a batch equals the prompt alone.
 *
 * @example
 * const model = await loadModel("google-bert/bert-base-uncased", { as: MaskedLanguageModel });
 * const cache = await model.run("Paris is the [MASK] of France.", { save: ["layers.*", "output"] });
 */
export class MaskedLanguageModel extends InterpretableModel<MaskedModule> {
  readonly config: BertConfig | DecoderConfig;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded, such as code that its config.json names. */
  readonly notes: readonly string[];

  constructor(encoder: Bert | TwoSidedEncoder, options: MaskedLanguageModelOptions) {
    checkOptions<MaskedLanguageModelOptions>("MaskedLanguageModel", options, {
      config: checkRecord,
      tokenizer: checkRecord,
      name: checkText,
      checkpoint: checkRecord,
      notes: checkList,
    });
    if (!(encoder instanceof TwoSidedEncoder)) instanceOf(Bert, "a Bert")("encoder", encoder);
    const { config, tokenizer, name, checkpoint, notes = [] } = options;
    const { layers, hidden, vocab, maxPositions } = config;
    const count = typeof layers === "number" ? layers : layers?.length;
    checkDescription({ hidden, vocab, layers: count }, encoder.layers);
    const { heads, kvHeads, headDim } = encoder.layers[0].selfAttn;
    const finalNorm = encoder instanceof TwoSidedEncoder ? encoder.finalNorm : undefined;
    super(encoder, {
      tokenizer,
      name,
      forwardArguments: ({ lengths }, given, changes) => {
        const [options] = claimed(encoder, given, changes) as readonly (
          | BertPassOptions
          | undefined
        )[];
        if (options !== undefined) checkRecord("args[0]", options);
        return [{ lengths, ...options }];
      },
      anatomy: {
        ...{ layers: count, heads, kvHeads, headDim, hidden, vocab, maxPositions },
        embed: (ids) => encoder.embed(ids),
        finalNorm: (residual) => finalNorm?.forward(residual) ?? residual, // where a norm follows the last layer
        unembed: (normalized) => encoder.unembed(normalized),
        weights: (layer) => layerWeights(encoder.layers, layer),
      },
    });
    this.config = config;
    this.checkpoint = checkpoint;
    this.notes = notes;
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyMasked(this, options);
  }

  /**
   * A second model that computes the same, where the norms that read the residual stream only normalise: of encoders whose norms
   * stand before what reads, such as ModernBERT. In BERT and its kin norms stand on the stream itself: what they give is also
   * added to, and no matrix can take their weights.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for norms on the stream, and for centring; InvalidArgumentError
   * (`INVALID_ARGUMENT`) for a view with edits
   */
  async folded(options?: FoldOptions): Promise<MaskedLanguageModel> {
    requireNoEdits(this);
    const { module, config: described, tokenizer, name } = this;
    if (!(module instanceof TwoSidedEncoder)) {
      const reason = "layers.0: its norms stand on the residual stream itself, so not only matrices read them"; // biome-ignore format: one sentence
      const wayOut = "Read what norms give at their sites, such as layers.0.postAttentionNorm.";
      throw new UnsupportedFoldError("norms", reason, wayOut);
    }
    const { encoder, config } = await foldTwoSided(module, described as DecoderConfig, options);
    return createModel(encoder, { config, ...(tokenizer && { tokenizer }), name: `${name}, folded` }); // biome-ignore format: one line
  }

  /**
   * Writes the model, with a live adapter added to its weights, as a folder that `loadModel` and Hugging Face `transformers`
   * read. The folder appears complete or not at all.
   *
   * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`) for a model that was not loaded, a view with edits, or a folder in use,
   * IncompleteWriteError (`INCOMPLETE_WRITE`) when the disk is full, InvalidArgumentError (`INVALID_ARGUMENT`)
   * @example
   * const model = await loadModel("google-bert/bert-base-uncased", { as: MaskedLanguageModel });
   * await model.save("my-model");
   */
  save(folder: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, folder, options);
  }

  /** @throws NotGenerativeError (`NOT_GENERATIVE`): an encoder predicts no next token */
  generate(_prompt: Prompt): never {
    throw new NotGenerativeError(this.name);
  }
}

/** Outside the class: bundlers rename one that names itself, and messages and consoles would show that name. */
function createModel(
  encoder: TwoSidedEncoder,
  options: MaskedLanguageModelOptions,
): MaskedLanguageModel {
  return new MaskedLanguageModel(encoder, options);
}
