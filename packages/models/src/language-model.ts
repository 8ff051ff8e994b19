/** A decoder with its tokenizer: prompts in, activations, logits and text out. */
import { InterpretableModel, type Prompt, type Tokenizer } from "@mlxterp/core";
import { describeAnatomy } from "./anatomy.js";
import { KeyValueCache } from "./decoder/cache.js";
import type { DecoderConfig } from "./decoder/config.js";
import type { Decoder } from "./decoder/decoder.js";
import { type GenerateOptions, type GenerationStep, generate } from "./generation/generate.js";

export interface LanguageModelOptions {
  /** The description the decoder was made from. */
  readonly config: DecoderConfig;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: `Decoder`. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
}

/**
 * An interpretable language model, as `loadModel` returns it.
 *
 * @example
 * const model = new LanguageModel(new Decoder(config), { config });
 * const cache = await model.run([[1, 5, 2]], { save: "layers.*.selfAttn.pattern" });
 */
export class LanguageModel extends InterpretableModel<Decoder> {
  readonly config: DecoderConfig;
  /** The ids that end a generated text. */
  readonly eosTokens: readonly number[];

  constructor(decoder: Decoder, options: LanguageModelOptions) {
    const { config, tokenizer, name, eosTokens = [] } = options;
    super(decoder, { tokenizer, name, anatomy: describeAnatomy(decoder, config) });
    this.config = config;
    this.eosTokens = eosTokens;
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
