/** A bidirectional encoder with its tokenizer: prompts with gaps in, activations and logits out. */

import { InterpretableModel, type Prompt, type Tokenizer } from "@mlxterp/core";
import { checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import { layerWeights } from "../anatomy/layer-weights.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import { claimed, instanceOf } from "../decoder/model/pass-arguments.js";
import { NotGenerativeError } from "../errors.js";
import { checkDescription } from "../generative-base/options.js";
import { Bert } from "./bert.js";
import type { BertConfig } from "./config.js";
import type { BertPassOptions } from "./encoder-body.js";

export interface MaskedLanguageModelOptions {
  /** The description the module was made from. */
  readonly config: BertConfig;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: `Bert`. */
  readonly name?: string;
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * An interpretable BERT. Padding is hidden from every token, so a prompt in a batch equals the prompt alone.
 *
 * @example
 * const model = await loadModel("google-bert/bert-base-uncased", { as: MaskedLanguageModel });
 * const cache = await model.run("Paris is the [MASK] of France.", { save: ["layers.*", "output"] });
 */
export class MaskedLanguageModel extends InterpretableModel<Bert> {
  readonly config: BertConfig;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded, such as code that its config.json names. */
  readonly notes: readonly string[];

  constructor(bert: Bert, options: MaskedLanguageModelOptions) {
    checkOptions<MaskedLanguageModelOptions>("MaskedLanguageModel", options, {
      config: checkRecord,
      tokenizer: checkRecord,
      name: checkText,
      checkpoint: checkRecord,
      notes: checkList,
    });
    instanceOf(Bert, "a Bert")("bert", bert);
    const { config, tokenizer, name, checkpoint, notes = [] } = options;
    checkDescription(config, bert.layers);
    const { layers, heads, hidden, vocab, maxPositions } = config;
    super(bert, {
      tokenizer,
      name,
      forwardArguments: ({ lengths }, given, changes) => {
        const [options] = claimed(bert, given, changes) as readonly (BertPassOptions | undefined)[];
        if (options !== undefined) checkRecord("args[0]", options);
        return [{ lengths, ...options }];
      },
      anatomy: {
        layers,
        heads,
        kvHeads: heads,
        headDim: hidden / heads,
        hidden,
        vocab,
        maxPositions,
        embed: (ids) => bert.embed(ids),
        finalNorm: (residual) => residual, // every layer ends with its own; none follows the last
        unembed: (normalized) => bert.unembed(normalized),
        weights: (layer) => layerWeights(bert.layers, layer),
      },
    });
    this.config = config;
    this.checkpoint = checkpoint;
    this.notes = notes;
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
