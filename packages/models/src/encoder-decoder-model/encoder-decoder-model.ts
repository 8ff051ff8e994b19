/** A model that reads one text and writes another, with its tokenizer. */

import { InterpretableModel, MissingAnatomyError, type Prompt } from "@mlxterp/core";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import { type SaveOptions, saveModel } from "../checkpoint/saving/save-model.js";
import type { CacheOptions } from "../decoder/cache/sequence-cache.js";
import { claimed, instanceOf } from "../decoder/model/pass-arguments.js";
import { EncoderDecoderCache } from "../encoder-decoder/cache.js";
import type { EncoderDecoderConfig } from "../encoder-decoder/config.js";
import { EncoderDecoder, startOf } from "../encoder-decoder/encoder-decoder.js";
import { passOptions } from "../encoder-decoder/pass-input.js";
import type { FoldOptions } from "../folding/fold-decoder.js";
import { foldEncoderDecoder } from "../folding/fold-encoder-decoder.js";
import { requireNoEdits } from "../folding/require-no-edits.js";
import { askedOf, type GenerationDefaults } from "../generation/defaults.js";
import type { GeneratedText } from "../generation/generate.js";
import { generateRows } from "../generation/generate-rows.js";
import type {
  GenerateBatchOptions,
  GenerateOptions,
  GenerationBatchStep,
  GenerationStep,
} from "../generation/options.js";
import { checkGenerativeOptions, type GenerativeOptions } from "../generative-base/options.js";
import type { TextTokenizer } from "../tokenizer/tokenizer.js";
import type { Verification, VerifyOptions } from "../verify/verify-model.js";
import { verifyEncoderDecoder } from "../verify-stacks/verify-stacks.js";
import { requireWritable, writingModel } from "./writing.js";

export interface EncoderDecoderModelOptions extends GenerativeOptions<EncoderDecoderConfig> {
  readonly tokenizer?: TextTokenizer;
}

/**
 * An interpretable encoder-decoder, such as T5. A prompt is the text that is read; what is written is an argument of the pass. Sites of the
 * two stacks are `encoder.layers.*` and `decoder.layers.*`; methods for a decoder alone refuse it.
 *
 * @example
 * const model = await loadModel("google-t5/t5-small", { as: EncoderDecoderModel });
 * const cache = await model.run("translate English to German: The house", {
 *   args: [{ written: "Das" }],
 *   save: "decoder.layers.*.crossAttention.pattern",
 * });
 */
export class EncoderDecoderModel extends InterpretableModel<EncoderDecoder> {
  declare readonly tokenizer: TextTokenizer | undefined;
  readonly config: EncoderDecoderConfig;
  /** The ids that end a written text. */
  readonly eosTokens: readonly number[];
  /** How the checkpoint's `generation_config.json` would write texts. */
  readonly generationDefaults: GenerationDefaults;
  /** Absent in a model that was not loaded. */
  readonly checkpoint: Checkpoint | undefined;
  /** What was left out of the checkpoint when it was loaded. */
  readonly notes: readonly string[];

  constructor(module: EncoderDecoder, options: EncoderDecoderModelOptions) {
    checkGenerativeOptions("EncoderDecoderModel", options);
    instanceOf(EncoderDecoder, "an EncoderDecoder")("module", module);
    const { config, tokenizer, name, eosTokens = [], generationDefaults = {} } = options;
    const { vocab, startToken } = config;
    super(module, {
      ...{ tokenizer, name, anatomy: anatomyOf(module, config) },
      forwardArguments: ({ lengths, ids }, given, changes) => {
        claimed(module, given, changes);
        const asked = passOptions(given[0], { tokenizer, vocab, startToken });
        asked.cache?.claimSource(ids);
        return [{ lengths, ...asked }];
      },
    });
    this.config = config;
    this.eosTokens = eosTokens;
    this.generationDefaults = generationDefaults;
    this.checkpoint = options.checkpoint;
    this.notes = options.notes ?? [];
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights: of both stacks, of what one
   * reads of the other, and of writing with a cache.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyEncoderDecoder(this, options);
  }

  /**
   * A second model that computes the same, where norms only normalise: their weights are in the matrices that read them, those of
   * the encoder's last norm in what the decoder makes of it. In full precision; takes the memory of another model.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring; InvalidArgumentError (`INVALID_ARGUMENT`) for a view with edits
   */
  async folded(options?: FoldOptions): Promise<EncoderDecoderModel> {
    requireNoEdits(this);
    const { module, config } = await foldEncoderDecoder(this.module, this.config, options);
    const { tokenizer, eosTokens, generationDefaults, name } = this;
    const kept = { config, eosTokens, generationDefaults, ...(tokenizer && { tokenizer }) };
    return createModel(module, { ...kept, name: `${name}, folded` });
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  createCache(options: CacheOptions = {}): EncoderDecoderCache {
    return new EncoderDecoderCache(options);
  }

  /**
   * Writes a text, token by token, while the prompt is read once.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`), InvalidArgumentError (`INVALID_ARGUMENT`),
   * UnknownSiteError (`UNKNOWN_SITE`)
   * @example
   * let german = "";
   * for await (const { text } of model.generate("translate English to German: The house", { maxTokens: 20 })) german += text;
   */
  async *generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<GenerationStep, void, undefined> {
    for await (const { rows } of this.generateBatch(prompt, options)) if (rows[0]) yield rows[0];
  }

  /**
   * Writes a text for each prompt; each is what its prompt alone would give.
   *
   * @throws what `generate` throws
   */
  async *generateBatch(
    prompts: Prompt,
    options: GenerateBatchOptions = {},
  ): AsyncGenerator<GenerationBatchStep, void, undefined> {
    const asked = askedOf("generate", this, options);
    requireWritable(asked);
    const read = this.tokens(prompts);
    const starts = startOf(this.config.startToken, read.ids.length);
    yield* generateRows(writingModel(this, read), starts, asked);
  }

  /**
   * Writes a text to its end.
   *
   * @throws what `generate` throws
   * @example
   * const { text } = await model.generateText("translate English to German: The house");
   */
  async generateText(prompt: Prompt, options: GenerateOptions = {}): Promise<GeneratedText> {
    const steps: GenerationStep[] = [];
    for await (const step of this.generate(prompt, options)) steps.push(step);
    return {
      text: steps.map(({ text }) => text).join(""),
      tokens: steps.map(({ token }) => token),
      logProbability: steps.reduce((sum, { logProbability }) => sum + logProbability, 0),
      finish: steps.at(-1)?.finish ?? "maxTokens",
    };
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
function createModel(
  module: EncoderDecoder,
  options: EncoderDecoderModelOptions,
): EncoderDecoderModel {
  return new EncoderDecoderModel(module, options);
}

/** Layers and what follows from them are two things here, so that nobody takes one for the other. */
function anatomyOf(
  module: EncoderDecoder,
  { heads, headDim, hidden, vocab }: EncoderDecoderConfig,
) {
  const twice = (part: string): never => {
    const looked = ["encoder.layers", "decoder.layers"];
    const wayOut = `Methods read models with one; run(), trace() and gradients() save and change places of both, such as "decoder.layers.0".`;
    throw new MissingAnatomyError(
      `one list of ${part} (it has an encoder and a decoder)`,
      looked,
      wayOut,
    );
  };
  return {
    ...{ heads, kvHeads: heads, headDim, hidden, vocab, maxPositions: undefined },
    get layers(): number {
      return twice("layers");
    },
    weights: () => twice("layers"),
    embed: () => twice("embeddings"),
    finalNorm: (residual: Parameters<EncoderDecoder["unembed"]>[0]) =>
      module.decoder.finalNorm.forward(residual),
    unembed: (normalized: Parameters<EncoderDecoder["unembed"]>[0]) => module.unembed(normalized),
  };
}
