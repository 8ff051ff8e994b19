/** A recurrent language model with its tokenizer: prompts in, activations, logits and text out. */
import type { Anatomy } from "@mlxterp/core";
import type { CacheOptions } from "../decoder/cache/sequence-cache.js";
import { instanceOf } from "../decoder/model/pass-arguments.js";
import { GenerativeBase } from "../generative-base/generative-base.js";
import {
  checkDescription,
  checkGenerativeOptions,
  type GenerativeOptions,
} from "../generative-base/options.js";
import { RecurrentCache } from "./caches/cache.js";
import type { RecurrentConfig } from "./config.js";
import { RecurrentDecoder } from "./recurrent-decoder.js";

export type RecurrentModelOptions = GenerativeOptions<RecurrentConfig>;

/**
 * An interpretable model whose layers remember in a state of fixed size (Mamba), or some of them (hybrids). Its anatomy has
 * what the architecture has: there are heads only where every layer attends.
 *
 * @example
 * const model = await loadModel("state-spaces/mamba-130m-hf", { as: RecurrentModel });
 * const cache = await model.run("Mamba sees", { save: "layers.*.mixer.delta" });
 */
export class RecurrentModel extends GenerativeBase<RecurrentDecoder, RecurrentConfig> {
  constructor(decoder: RecurrentDecoder, options: RecurrentModelOptions) {
    checkGenerativeOptions("RecurrentModel", options);
    instanceOf(RecurrentDecoder, "a RecurrentDecoder")("decoder", decoder);
    const { config } = options;
    checkDescription({ ...config, layers: config.layers?.length }, decoder.layers);
    super(decoder, options, describeAnatomy(decoder, config));
  }

  /** @internal Tells lengths apart at which positions turn in different ways, as `dynamic` and `longrope` scaling has it. */
  positionRegime(length: number): string {
    return this.module.positionRegime(length);
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`; that of mixers does not grow. */
  createCache(options?: CacheOptions): RecurrentCache {
    return new RecurrentCache(options);
  }
}

function describeAnatomy(
  decoder: RecurrentDecoder,
  { layers, hidden, vocab, maxPositions }: RecurrentConfig,
): Partial<Anatomy> {
  const attentions = layers.flatMap(({ attention }) => (attention ? [attention] : []));
  const everywhere = attentions.length === layers.length;
  const { heads, kvHeads, headDim } = attentions[0] ?? {};
  return {
    ...{ layers: layers.length, hidden, vocab, maxPositions },
    ...(everywhere && { heads, kvHeads, headDim }),
    embed: (ids) => decoder.embedTokens.forward(ids),
    finalNorm: (residual) => decoder.normalize(residual),
    unembed: (normalized) => decoder.unembed(normalized),
  };
}
