/** A state-space language model with its tokenizer: prompts in, activations, logits and text out. */
import { InterpretableModel, type Prompt, type Tokenizer } from "@mlxterp/core";
import { type GenerateOptions, type GenerationStep, generate } from "../generation/generate.js";
import { StateCache } from "./cache.js";
import type { MambaConfig } from "./config.js";
import type { Mamba } from "./mamba.js";

export interface StateSpaceModelOptions {
  /** The description the module was made from. */
  readonly config: MambaConfig;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: `Mamba`. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
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

  constructor(mamba: Mamba, options: StateSpaceModelOptions) {
    const { config, tokenizer, name, eosTokens = [] } = options;
    const { layers, hidden, vocab } = config;
    super(mamba, {
      tokenizer,
      name,
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
   * for await (const { text } of model.generate("Once upon a time", { maxTokens: 20 })) story += text;
   */
  generate(
    prompt: Prompt,
    options: GenerateOptions = {},
  ): AsyncGenerator<GenerationStep, void, undefined> {
    return generate(this, prompt, options);
  }
}
