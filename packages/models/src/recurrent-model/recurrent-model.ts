/** A recurrent language model with its tokenizer: prompts in, activations, logits and text out. */
import type { Anatomy } from "@mlxterp/core";
import type { CacheOptions } from "../decoder/cache/sequence-cache.js";
import { instanceOf } from "../decoder/model/pass-arguments.js";
import type { FoldOptions } from "../folding/fold-decoder.js";
import { foldRecurrent } from "../folding/fold-recurrent.js";
import { requireNoEdits } from "../folding/require-no-edits.js";
import { GenerativeBase } from "../generative-base/generative-base.js";
import {
  checkDescription,
  checkGenerativeOptions,
  type GenerativeOptions,
} from "../generative-base/options.js";
import { RecurrentCache } from "../recurrent/caches/cache.js";
import type { RecurrentConfig } from "../recurrent/config.js";
import { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { type Verification, type VerifyOptions, verifyRecurrent } from "../verify/verify-model.js";

export type RecurrentModelOptions = GenerativeOptions<RecurrentConfig>;

/**
 * An interpretable model whose layers remember in a state of fixed size (Mamba), or some of them (hybrids). Its anatomy has
 * what the architecture has: heads are those of the layers that attend, and there are none where none does.
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

  /**
   * Checks the invariants that make activations and interventions trustworthy, on these weights; of states as well.
   *
   * @throws InvalidPromptError (`INVALID_PROMPT`), TokenRangeError (`TOKEN_RANGE`); the signal's reason when cancelled
   * @example
   * const { passed, invariants } = await model.verify();
   * const failed = invariants.filter((invariant) => !invariant.passed); // what failed, where and by how much
   */
  verify(options?: VerifyOptions): Promise<Verification> {
    return verifyRecurrent(this, options);
  }

  /**
   * A second model that computes the same, where norms only normalise: their weights are in the matrices that read them.
   * In full precision; takes the memory of another model.
   *
   * @throws UnsupportedFoldError (`UNSUPPORTED_FOLD`) for centring what would change the model; InvalidArgumentError
   * (`INVALID_ARGUMENT`) for a view with edits
   * @example
   * const folded = await model.folded();
   * const logits = folded.forward("Mary and John went to the store"); // those of the model
   */
  async folded(options?: FoldOptions): Promise<RecurrentModel> {
    requireNoEdits(this);
    const { decoder, config } = await foldRecurrent(this.module, this.config, options);
    const { tokenizer, eosTokens, generationDefaults, name } = this;
    const kept = { config, tokenizer, eosTokens, generationDefaults };
    return createModel(decoder, { ...kept, name: `${name}, folded` });
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

/** Outside the class: bundlers rename one that names itself, and messages and consoles would show that name. */
function createModel(decoder: RecurrentDecoder, options: RecurrentModelOptions): RecurrentModel {
  return new RecurrentModel(decoder, options);
}

function describeAnatomy(
  decoder: RecurrentDecoder,
  { layers, hidden, vocab, maxPositions }: RecurrentConfig,
): Partial<Anatomy> {
  const attentions = layers.flatMap(({ attention }) => (attention ? [attention] : []));
  const [first] = attentions;
  return {
    ...{ layers: layers.length, hidden, vocab, maxPositions },
    ...(first && { heads: first.heads, kvHeads: first.kvHeads, headDim: first.headDim }),
    embed: (ids) => decoder.embedTokens.forward(ids),
    finalNorm: (residual) => decoder.normalize(residual),
    unembed: (normalized) => decoder.unembed(normalized),
  };
}
