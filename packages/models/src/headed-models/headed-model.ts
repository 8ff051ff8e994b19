/** What classifiers and embedding models have in common. */
import { type InterpretableModel, InterpretableModelCore } from "@mlxterp/core";
import {
  checkList,
  checkOptions,
  checkRecord,
  checkText,
  InvalidArgumentError,
  type MxArray,
} from "@mlxterp/mlx";
import { layerWeights } from "../anatomy/layer-weights.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import type { DecoderConfig } from "../decoder/config/config.js";
import { claimed } from "../decoder/model/pass-arguments.js";
import type { BertConfig } from "../encoder/config.js";
import type { HeadConfig } from "../heads/config.js";
import {
  type Head,
  HeadedDecoder,
  HeadedEncoder,
  type HeadedModule,
} from "../heads/headed-body.js";
import type { TextTokenizer } from "../tokenizer/tokenizer.js";
import type { Verification, VerifyOptions } from "../verify/verified.js";
import { verifyHeaded } from "../verify-stacks/verify-headed.js";

export interface HeadedModelOptions<C extends HeadConfig = HeadConfig> {
  /** The description that the layers were made from. */
  readonly config: DecoderConfig | BertConfig;
  /** The description of the head. */
  readonly head: C;
  readonly tokenizer?: TextTokenizer;
  /** Shown in provenance. Default: the module's class. */
  readonly name?: string;
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/** The members of every model with a head of its own; `HeadedModel<H, C>` adds the views of its modules. */
abstract class HeadedCore<H extends Head, C extends HeadConfig> extends InterpretableModelCore<
  HeadedModule<H>
> {
  readonly config: DecoderConfig | BertConfig;
  /** The description of the head. */
  readonly headConfig: C;
  declare readonly tokenizer: TextTokenizer | undefined;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded. */
  readonly notes: readonly string[];

  constructor(module: HeadedModule<H>, options: HeadedModelOptions<C>) {
    checkOptions<HeadedModelOptions<C>>("HeadedModel", options, {
      ...{ config: checkRecord, head: checkRecord, tokenizer: checkRecord, name: checkText },
      ...{ checkpoint: checkRecord, notes: checkList },
    });
    if (!(module instanceof HeadedDecoder || module instanceof HeadedEncoder)) {
      const rule =
        "must be the module of a model with a head of its own. Load it: loadModel(source, { as }).";
      throw new InvalidArgumentError("module", module, rule);
    }
    const { config, head, tokenizer, name, checkpoint, notes = [] } = options;
    super(module, {
      ...{ tokenizer, name, anatomy: anatomyOf(module, config) },
      forwardArguments: ({ lengths }, given, changes) => {
        const [options] = claimed(module, given, changes);
        if (options !== undefined) checkRecord("args[0]", options);
        return [{ lengths, ...(options as object | undefined) }];
      },
    });
    this.config = config;
    this.headConfig = head;
    this.checkpoint = checkpoint;
    this.notes = notes;
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyHeaded(this, options);
  }

  /**
   * Writes the model, with a live adapter added to its weights, as a folder that `loadModel` and Hugging Face `transformers`
   * read. The folder appears complete or not at all.
   *
   * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`) for a model that was not loaded, a view with edits, or a folder in use,
   * IncompleteWriteError (`INCOMPLETE_WRITE`) when the disk is full, InvalidArgumentError (`INVALID_ARGUMENT`)
   */
  save(folder: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, folder, options);
  }
}

/** What such a model has of a language model: everything but the way to tokens. */
function anatomyOf(module: HeadedModule, config: DecoderConfig | BertConfig) {
  const { hidden, vocab, maxPositions } = config;
  const [{ selfAttn }] = module.layers;
  const { heads, kvHeads, headDim } = selfAttn;
  return {
    ...{ layers: module.layers.length, heads, kvHeads, headDim, hidden, vocab, maxPositions },
    embed: (ids: MxArray) => module.embed(ids),
    finalNorm: (x: MxArray) => module.finalNorm?.forward(x) ?? x,
    weights: (layer: number) => layerWeights(module.layers, layer),
  };
}

/** A model with a head of its own, with a member for every module. */
export type HeadedModel<H extends Head, C extends HeadConfig> = HeadedCore<H, C> &
  InterpretableModel<HeadedModule<H>>;

export const HeadedModel = HeadedCore as unknown as new <H extends Head, C extends HeadConfig>(
  module: HeadedModule<H>,
  options: HeadedModelOptions<C>,
) => HeadedModel<H, C>;
