/** What language models do whatever their architecture: they continue prompts, and can be saved. */
import {
  type Anatomy,
  type InterpretableModel,
  InterpretableModelCore,
  type Prompt,
} from "@mlxterp/core";
import { asAsked, type Module } from "@mlxterp/mlx";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import { claimed } from "../decoder/model/pass-arguments.js";
import type { GenerationDefaults } from "../generation/defaults.js";
import {
  type GeneratedText,
  generate,
  generateBatch,
  generateText,
} from "../generation/generate.js";
import type { GenerationCache } from "../generation/generative-model.js";
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
import type { GenerativeOptions } from "./options.js";

/** The members of every generative model; `GenerativeBase<M>` adds the views of M's modules. */
abstract class GenerativeCore<M extends Module, Config> extends InterpretableModelCore<M> {
  readonly config: Config;
  /** The ids that end a generated text. */
  readonly eosTokens: readonly number[];
  /**
   * How the checkpoint's `generation_config.json` would generate texts. Its penalty and number of tokens hold where options
   * say nothing; its draws when they are asked for, with `{ ...model.generationDefaults }`.
   */
  readonly generationDefaults: GenerationDefaults;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded, such as code that its config.json names. */
  readonly notes: readonly string[];

  constructor(module: M, options: GenerativeOptions<Config>, anatomy: Partial<Anatomy>) {
    const { config, tokenizer, name, eosTokens = [], checkpoint, notes = [] } = options;
    const { generationDefaults = {} } = options;
    super(module, {
      ...{ tokenizer, name, anatomy },
      forwardArguments: (_, given, changes) => claimed(module, given, changes),
    });
    this.config = config;
    this.eosTokens = eosTokens;
    this.generationDefaults = generationDefaults;
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

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  abstract createCache(options?: { readonly sliding?: boolean }): GenerationCache;

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
    return generate(this, asAsked(prompt), asAsked(options));
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
    return generateBatch(this, asAsked(prompts), asAsked(options));
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

/** A generative model with a member for every module of M. */
export type GenerativeBase<M extends Module, Config> = GenerativeCore<M, Config> &
  InterpretableModel<M>;

/** Interpretable models that continue prompts extend it, each with a cache and an anatomy of its own. */
export const GenerativeBase = GenerativeCore as unknown as new <M extends Module, Config>(
  module: M,
  options: GenerativeOptions<Config>,
  anatomy: Partial<Anatomy>,
) => GenerativeBase<M, Config>;
