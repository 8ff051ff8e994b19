/** A state-space language model with its tokenizer: prompts in, activations, logits and text out. */

import { InterpretableModel, type Prompt, type Tokenizer } from "@mlxterp/core";
import { checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import { claimed, instanceOf } from "../decoder/model/pass-arguments.js";
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
import { StateCache } from "./cache.js";
import type { MambaConfig } from "./config.js";
import { Mamba } from "./mamba.js";

export interface StateSpaceModelOptions {
  /** The description the module was made from. */
  readonly config: MambaConfig;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: `Mamba`. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * An interpretable Mamba. Its anatomy has what the architecture has: there are no heads.
 *
 * @example
 * const model = await loadModel("state-spaces/mamba-130m-hf", { as: StateSpaceModel });
 * const cache = await model.run("Mamba sees", { save: "layers.*.mixer.delta" });
 */
export class StateSpaceModel extends InterpretableModel<Mamba> {
  readonly config: MambaConfig;
  /** The ids that end a generated text. */
  readonly eosTokens: readonly number[];
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded, such as code that its config.json names. */
  readonly notes: readonly string[];

  constructor(mamba: Mamba, options: StateSpaceModelOptions) {
    checkOptions<StateSpaceModelOptions>("StateSpaceModel", options, {
      config: checkRecord,
      tokenizer: checkRecord,
      name: checkText,
      eosTokens: checkList,
      checkpoint: checkRecord,
      notes: checkList,
    });
    instanceOf(Mamba, "a Mamba")("mamba", mamba);
    const { config, tokenizer, name, eosTokens = [], checkpoint, notes = [] } = options;
    const { layers, hidden, vocab } = config;
    super(mamba, {
      tokenizer,
      name,
      forwardArguments: (_, given, changes) => claimed(mamba, given, changes),
      anatomy: {
        layers,
        hidden,
        vocab,
        maxPositions: undefined,
        embed: (ids) => mamba.embedTokens.forward(ids),
        finalNorm: (residual) => mamba.finalNorm.forward(residual),
        unembed: (normalized) => mamba.unembed(normalized),
      },
    });
    this.config = config;
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
   * const model = await loadModel("state-spaces/mamba-130m-hf", { as: StateSpaceModel });
   * await model.save("my-model");
   */
  save(folder: string, options?: SaveOptions): Promise<void> {
    return saveModel(this, folder, options);
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  createCache(): StateCache {
    return new StateCache();
  }

  /**
   * Continues a prompt, token by token, from a memory that does not grow.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
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
   * @throws what `generate` throws
   * @example
   * for await (const { rows } of model.generateBatch([[1, 2], [3]], { maxTokens: 20 })) {
   *   rows.map((step) => step?.token); // undefined for a row that has ended
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
   * @throws what `generate` throws
   * @example
   * using prefix = await model.readPrefix([1, 2, 3]);
   * const { tokens } = await model.generateText([], { prefix });
   */
  readPrefix(prompt: Prompt, options: PrefixOptions = {}): Promise<PromptPrefix> {
    return readPrefix(this, prompt, options);
  }

  /**
   * Generates a text and keeps activations of every token on the way: those of one pass over the same tokens.
   *
   * @throws what `generate` throws; MissingAxisError (`MISSING_AXIS`) for a site without positions
   * @example
   * using story = await model.rollout([1, 2, 3], { save: "layers.*", maxTokens: 20 });
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
   * const stories = await model.rolloutBatch([[1, 2, 3], [4]], { save: "layers.*", maxTokens: 20 });
   * stories.map(({ activations }) => activations.get("layers.0").shape[1]); // each text's own length
   */
  rolloutBatch(prompts: Prompt, options: RolloutBatchOptions): Promise<Rollout[]> {
    return rolloutBatch(this, prompts, options);
  }
}
