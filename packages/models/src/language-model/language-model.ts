/** A decoder with its tokenizer: prompts in, activations, logits and text out. */
import type { Prompt } from "@mlxterp/core";
import { describeAnatomy } from "../anatomy/anatomy.js";
import { ModelWeights } from "../anatomy/model-weights.js";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { KeyValueCache } from "../decoder/cache/cache.js";
import type { CacheOptions } from "../decoder/cache/sequence-cache.js";
import type { DecoderConfig } from "../decoder/config/config.js";
import { checkDecoderConfig } from "../decoder/config/config-rules.js";
import { Decoder } from "../decoder/model/decoder.js";
import { instanceOf } from "../decoder/model/pass-arguments.js";
import { type FoldOptions, foldDecoder } from "../folding/fold-decoder.js";
import { requireNoEdits } from "../folding/require-no-edits.js";
import { GenerativeBase } from "../generative-base/generative-base.js";
import {
  checkDescription,
  checkGenerativeOptions,
  type GenerativeOptions,
} from "../generative-base/options.js";
import type { TextTokenizer } from "../tokenizer/tokenizer.js";
import { type Verification, type VerifyOptions, verifyModel } from "../verify/verify-model.js";
import { type DriftOptions, type QuantizationDrift, quantizationDrift } from "./drift.js";

export interface LanguageModelOptions extends GenerativeOptions<DecoderConfig> {
  readonly tokenizer?: TextTokenizer;
  readonly checkpoint?: Checkpoint<LanguageModel>;
}

/**
 * An interpretable language model, as `loadModel` returns it.
 *
 * @example
 * const model = new LanguageModel(new Decoder(config), { config });
 * const cache = await model.run([[1, 5, 2]], { save: "layers.*.selfAttn.pattern" });
 */
export class LanguageModel extends GenerativeBase<Decoder, DecoderConfig> {
  declare readonly tokenizer: TextTokenizer | undefined;
  declare readonly checkpoint: Checkpoint<LanguageModel> | undefined;
  /** Matrices under the field's names, and the circuits of heads. */
  readonly weights: ModelWeights;

  constructor(decoder: Decoder, options: LanguageModelOptions) {
    checkGenerativeOptions("LanguageModel", options);
    instanceOf(Decoder, "a Decoder")("decoder", decoder);
    const { layers, hidden, vocab } = checkDecoderConfig(options.config);
    checkDescription({ layers: layers.length, hidden, vocab }, decoder.layers);
    super(decoder, options, describeAnatomy(decoder, options.config));
    this.weights = new ModelWeights(decoder);
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
    requireNoEdits(this);
    const { decoder, config } = await foldDecoder(this.module, this.config, options);
    const { tokenizer, eosTokens, generationDefaults, name } = this;
    const kept = { config, tokenizer, eosTokens, generationDefaults };
    return createModel(decoder, { ...kept, name: `${name}, folded` });
  }

  /** @internal Tells lengths apart at which positions turn in different ways, as `dynamic` and `longrope` scaling has it. */
  positionRegime(length: number): string {
    return this.module.positionRegime(length);
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  createCache(options?: CacheOptions): KeyValueCache {
    return new KeyValueCache(options);
  }
}

/** Outside the class: bundlers rename one that names itself, and messages and consoles would show that name. */
function createModel(decoder: Decoder, options: LanguageModelOptions): LanguageModel {
  return new LanguageModel(decoder, options);
}
