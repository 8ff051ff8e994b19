/** A decoder with its tokenizer: prompts in, activations, logits and text out. */

import { InterpretableModel, type Prompt } from "@mlxterp/core";
import {
  checkList,
  checkOptions,
  checkRecord,
  checkText,
  InvalidArgumentError,
} from "@mlxterp/mlx";
import { describeAnatomy } from "../anatomy/anatomy.js";
import { ModelWeights } from "../anatomy/model-weights.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import { type CacheOptions, KeyValueCache } from "../decoder/cache/cache.js";
import type { DecoderConfig } from "../decoder/config/config.js";
import { Decoder } from "../decoder/model/decoder.js";
import { claimed, instanceOf } from "../decoder/model/pass-arguments.js";
import { type FoldOptions, foldDecoder } from "../folding/fold-decoder.js";
import {
  type GeneratedText,
  generate,
  generateBatch,
  generateText,
} from "../generation/generate.js";
import type {
  GenerateBatchOptions,
  GenerateOptions,
  GenerationBatchStep,
  GenerationStep,
} from "../generation/options.js";
import { type PrefixOptions, type PromptPrefix, readPrefix } from "../generation/prefix.js";
import { rollout, rolloutBatch } from "../generation/rollout.js";
import type {
  Rollout,
  RolloutBatchOptions,
  RolloutOptions,
} from "../generation/rollout-options.js";
import type { TextTokenizer } from "../tokenizer/tokenizer.js";
import { type Verification, type VerifyOptions, verifyModel } from "../verify/verify-model.js";
import { type DriftOptions, type QuantizationDrift, quantizationDrift } from "./drift.js";

export interface LanguageModelOptions {
  /** The description the decoder was made from. */
  readonly config: DecoderConfig;
  readonly tokenizer?: TextTokenizer;
  /** Shown in provenance. Default: `Decoder`. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint<LanguageModel>;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * An interpretable language model, as `loadModel` returns it.
 *
 * @example
 * const model = new LanguageModel(new Decoder(config), { config });
 * const cache = await model.run([[1, 5, 2]], { save: "layers.*.selfAttn.pattern" });
 */
export class LanguageModel extends InterpretableModel<Decoder> {
  declare readonly tokenizer: TextTokenizer | undefined;
  readonly config: DecoderConfig;
  /** Matrices under the field's names, and the circuits of heads. */
  readonly weights: ModelWeights;
  /** The ids that end a generated text. */
  readonly eosTokens: readonly number[];
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint<LanguageModel> | undefined;
  /** What was left out of the checkpoint when it was loaded, such as code that its config.json names. */
  readonly notes: readonly string[];

  constructor(decoder: Decoder, options: LanguageModelOptions) {
    checkOptions<LanguageModelOptions>("LanguageModel", options, {
      config: checkRecord,
      tokenizer: checkRecord,
      name: checkText,
      eosTokens: checkList,
      checkpoint: checkRecord,
      notes: checkList,
    });
    instanceOf(Decoder, "a Decoder")("decoder", decoder);
    const { config, tokenizer, name, eosTokens = [], checkpoint, notes = [] } = options;
    super(decoder, {
      tokenizer,
      name,
      forwardArguments: (_, given, changes) => claimed(decoder, given, changes),
      anatomy: describeAnatomy(decoder, config),
    });
    this.config = config;
    this.weights = new ModelWeights(decoder);
    this.eosTokens = eosTokens;
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
   * await model.save("my-model");
   */
  save(folder: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, folder, options);
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   * @example
   * const { passed, invariants } = await model.verify();
   * const failed = invariants.filter((invariant) => !invariant.passed); // what failed, where and by how much
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyModel(this, options);
  }

  /**
   * How far this model's predictions are from those of its full-precision weights.
   *
   * @param options the weights to compare with. Default: the checkpoint this model was loaded from
   * @throws InvalidPromptError (`INVALID_PROMPT`), and what `loadModel` throws
   * @example
   * const packed = await loadModel("tiny", { quantize: { bits: 8 } });
   * const { klDivergence } = await packed.quantizationDrift(["Mary and John went to the store"]);
   */
  quantizationDrift(prompts: Prompt, options?: DriftOptions): Promise<QuantizationDrift> {
    return quantizationDrift(this, prompts, options);
  }

  /**
   * A second model that computes the same, where norms only normalise: their weights and biases are in the matrices
   * that read them, as `weights` then shows. In full precision; takes the memory of another model.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring what would change the model; InvalidArgumentError
   * (`INVALID_ARGUMENT`) for a view with edits
   * @example
   * const folded = await model.folded();
   * const { W_Q } = folded.weights.layer(0); // reads the normalised residual stream itself
   */
  async folded(options?: FoldOptions): Promise<LanguageModel> {
    if (this.edits.length > 0) {
      throw new InvalidArgumentError(
        "model",
        this.name,
        "a view with edits cannot be folded; fold the model, then edit.",
      );
    }
    const { decoder, config } = await foldDecoder(this.module, this.config, options);
    const { tokenizer, eosTokens, name } = this;
    return createModel(decoder, { config, tokenizer, eosTokens, name: `${name}, folded` });
  }

  /** @internal Tells lengths apart at which positions turn in different ways, as `dynamic` and `longrope` scaling has it. */
  positionRegime(length: number): string {
    return this.module.positionRegime(length);
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  createCache(options?: CacheOptions): KeyValueCache {
    return new KeyValueCache(options);
  }

  /**
   * Continues a prompt, token by token.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError
   * (`INVALID_ARGUMENT`), UnknownSiteError (`UNKNOWN_SITE`), PrefixMismatchError (`PREFIX_MISMATCH`)
   * @example
   * let story = "";
   * for await (const { text } of model.generate("Once upon a time", { maxTokens: 20 })) story += text;
   */
  generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<GenerationStep, void, undefined> {
    return generate(this, prompt, options);
  }

  /**
   * Continues several prompts at once; each text is what its prompt alone would give.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError
   * (`INVALID_ARGUMENT`), UnknownSiteError (`UNKNOWN_SITE`)
   * @example
   * const texts = ["", ""];
   * for await (const { rows } of model.generateBatch(["Once upon a time", "The end"], { maxTokens: 20 })) {
   *   rows.forEach((step, row) => (texts[row] += step?.text ?? ""));
   * }
   */
  generateBatch(
    prompts: Prompt,
    options: GenerateBatchOptions = {},
  ): AsyncGenerator<GenerationBatchStep, void, undefined> {
    return generateBatch(this, prompts, options);
  }

  /**
   * Continues a prompt to its end.
   *
   * @throws what `generate` throws
   * @example
   * const { text } = await model.generateText("Once upon a time", { maxTokens: 20 });
   */
  generateText(prompt: Prompt, options: GenerateOptions = {}): Promise<GeneratedText> {
    return generateText(this, prompt, options);
  }

  /**
   * Reads what many prompts begin with, once.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), UnknownSiteError (`UNKNOWN_SITE`)
   * @example
   * using prefix = await model.readPrefix("Once upon a time there was");
   * const { text } = await model.generateText(" a dragon", { prefix });
   */
  readPrefix(prompt: Prompt, options: PrefixOptions = {}): Promise<PromptPrefix> {
    return readPrefix(this, prompt, options);
  }

  /**
   * Generates a text and keeps activations of every token on the way: those of one pass over the same tokens.
   *
   * @throws what `generate` throws; MissingAxisError (`MISSING_AXIS`) for a site without positions
   * @example
   * using story = await model.rollout("Once upon a time", { save: "layers.*", maxTokens: 20 });
   * story.activations.get("layers.0").shape; // (1, prompt and generated tokens but the last, hidden)
   */
  rollout(prompt: Prompt, options: RolloutOptions): Promise<Rollout> {
    return rollout(this, prompt, options);
  }

  /**
   * Generates several texts at once and keeps activations of each: what `rollout` keeps of its prompt alone. Row i draws
   * with `seed + i`.
   *
   * @throws what `rollout` throws
   * @example
   * const stories = await model.rolloutBatch(["Mary and John", "The end"], { save: "layers.*", maxTokens: 20 });
   * stories.map(({ activations }) => activations.get("layers.0").shape[1]); // each text's own length
   */
  rolloutBatch(prompts: Prompt, options: RolloutBatchOptions): Promise<Rollout[]> {
    return rolloutBatch(this, prompts, options);
  }
}

/** Outside the class: bundlers rename one that names itself, and messages and consoles would show that name. */
function createModel(decoder: Decoder, options: LanguageModelOptions): LanguageModel {
  return new LanguageModel(decoder, options);
}
