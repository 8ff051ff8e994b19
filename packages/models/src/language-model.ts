/** A decoder with its tokenizer: prompts in, activations, logits and text out. */
import { InterpretableModel, type Prompt } from "@mlxterp/core";
import { ModelWeights } from "./anatomy/model-weights.js";
import { describeAnatomy } from "./anatomy.js";
import { KeyValueCache } from "./decoder/cache.js";
import type { DecoderConfig } from "./decoder/config.js";
import type { Decoder } from "./decoder/decoder.js";
import { type GenerateOptions, type GenerationStep, generate } from "./generation/generate.js";
import type { Checkpoint } from "./loading/checkpoint.js";
import {
  type DriftOptions,
  type QuantizationDrift,
  quantizationDrift,
} from "./quantization/drift.js";
import { type SaveOptions, saveModel } from "./saving/save-model.js";
import type { TextTokenizer } from "./tokenizer/tokenizer.js";
import { type Verification, type VerifyOptions, verifyModel } from "./verify/verify-model.js";

export interface LanguageModelOptions {
  /** The description the decoder was made from. */
  readonly config: DecoderConfig;
  readonly tokenizer?: TextTokenizer;
  /** Shown in provenance. Default: `Decoder`. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
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
  readonly checkpoint: Checkpoint | undefined;

  constructor(decoder: Decoder, options: LanguageModelOptions) {
    const { config, tokenizer, name, eosTokens = [], checkpoint } = options;
    super(decoder, { tokenizer, name, anatomy: describeAnatomy(decoder, config) });
    this.config = config;
    this.weights = new ModelWeights(decoder);
    this.eosTokens = eosTokens;
    this.checkpoint = checkpoint;
  }

  /**
   * Writes the model as a folder that `loadModel` and Hugging Face `transformers` read.
   *
   * @throws UnsupportedSaveError (`UNSUPPORTED_SAVE`)
   * @example
   * await model.saveModel("my-model");
   */
  saveModel(folder: string, options?: SaveOptions): Promise<void> {
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

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  createCache(): KeyValueCache {
    return new KeyValueCache();
  }

  /**
   * Continues a prompt, token by token.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`)
   * @example
   * for await (const { text } of model.generate("Once upon a time", { maxTokens: 20 })) story += text;
   */
  generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<GenerationStep, void, undefined> {
    return generate(this, prompt, options);
  }
}
