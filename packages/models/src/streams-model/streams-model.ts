/** A language model of several residual streams with its tokenizer: prompts in, activations, logits and text out. */
import { MissingAnatomyError } from "@mlxterp/core";
import { KeyValueCache } from "../decoder/cache/cache.js";
import type { CacheOptions } from "../decoder/cache/sequence-cache.js";
import { instanceOf } from "../decoder/model/pass-arguments.js";
import { UnsupportedFoldError } from "../errors.js";
import { GenerativeBase } from "../generative-base/generative-base.js";
import {
  checkDescription,
  checkGenerativeOptions,
  type GenerativeOptions,
} from "../generative-base/options.js";
import type { StreamsConfig } from "../streams/config.js";
import { StreamsDecoder } from "../streams/streams-decoder.js";
import type { Verification, VerifyOptions } from "../verify/verify-model.js";
import { verifyStreams } from "../verify-stacks/verify-stacks.js";

export type StreamsModelOptions = GenerativeOptions<StreamsConfig>;

/**
 * An interpretable model whose residual stream is several (Gemma 3n). `layers.*` are all of them, (batch, position, streams, hidden); the
 * first passes through attention and MLP. Methods that read one stream as a sum of what is written to it refuse it.
 *
 * @example
 * const model = await loadModel("google/gemma-3n-E2B-it", { as: StreamsModel });
 * const cache = await model.run("The capital of France is", { save: ["layers.*", "layers.*.selfAttn.pattern"] });
 */
export class StreamsModel extends GenerativeBase<StreamsDecoder, StreamsConfig> {
  constructor(decoder: StreamsDecoder, options: StreamsModelOptions) {
    checkGenerativeOptions("StreamsModel", options);
    instanceOf(StreamsDecoder, "a StreamsDecoder")("decoder", decoder);
    const { config } = options;
    checkDescription({ ...config, layers: config.layers?.length }, decoder.layers);
    super(decoder, options, anatomyOf(decoder, config));
  }

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights, as far as several streams have them.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyStreams(this, options);
  }

  /**
   * There is no such model: streams are mixed by what a norm says of the first of them, and attention, a map of low rank and the
   * layer's own embeddings read different norms of it.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) always
   */
  folded(): Promise<never> {
    const reason =
      "Several residual streams are mixed with coefficients that a norm's output decides through a tanh, and each layer reads them through norms that others do not share";
    const wayOut = "Read what norms give at their sites, such as layers.*.inputNorm.";
    return Promise.reject(new UnsupportedFoldError("norms", reason, wayOut));
  }

  /** @internal Tells lengths apart at which positions turn in different ways. */
  positionRegime(length: number): string {
    return this.module.positionRegime(length);
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`. */
  createCache(options?: CacheOptions): KeyValueCache {
    return new KeyValueCache(options);
  }
}

/** What follows from one stream is not there, so that nobody takes one of several for it. */
function anatomyOf(decoder: StreamsDecoder, config: StreamsConfig) {
  const { heads, kvHeads, headDim, hidden, vocab, maxPositions } = config;
  const several = (): never => {
    const way =
      "Methods that read one stream cannot say anything of it; read and change its sites with run, trace and gradients.";
    throw new MissingAnatomyError(
      "one residual stream (it has several)",
      ["layers.*.activated"],
      way,
    );
  };
  const parts = {
    ...{ heads, kvHeads, headDim, hidden, vocab, maxPositions },
    ...{ embed: several, finalNorm: several, weights: several },
    unembed: (x: Parameters<StreamsDecoder["unembed"]>[0]) => decoder.unembed(x),
  };
  return Object.defineProperty(parts, "layers", { get: several, enumerable: true });
}
