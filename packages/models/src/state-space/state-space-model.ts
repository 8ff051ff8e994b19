/** A state-space language model with its tokenizer: prompts in, activations, logits and text out. */
import type { Anatomy } from "@mlxterp/core";
import { instanceOf } from "../decoder/model/pass-arguments.js";
import { GenerativeBase } from "../generative-base/generative-base.js";
import {
  checkDescription,
  checkGenerativeOptions,
  type GenerativeOptions,
} from "../generative-base/options.js";
import { StateCache } from "./cache.js";
import type { MambaConfig } from "./config.js";
import { Mamba } from "./mamba.js";

export type StateSpaceModelOptions = GenerativeOptions<MambaConfig>;

/**
 * An interpretable Mamba. Its anatomy has what the architecture has: there are no heads.
 *
 * @example
 * const model = await loadModel("state-spaces/mamba-130m-hf", { as: StateSpaceModel });
 * const cache = await model.run("Mamba sees", { save: "layers.*.mixer.delta" });
 */
export class StateSpaceModel extends GenerativeBase<Mamba, MambaConfig> {
  constructor(mamba: Mamba, options: StateSpaceModelOptions) {
    checkGenerativeOptions("StateSpaceModel", options);
    instanceOf(Mamba, "a Mamba")("mamba", mamba);
    checkDescription(options.config, mamba.layers);
    super(mamba, options, describeAnatomy(mamba, options.config));
  }

  /** An empty memory, to be passed to every forward as `args: [{ cache }]`; it does not grow. */
  createCache(): StateCache {
    return new StateCache();
  }
}

function describeAnatomy(mamba: Mamba, { layers, hidden, vocab }: MambaConfig): Partial<Anatomy> {
  return {
    ...{ layers, hidden, vocab, maxPositions: undefined },
    embed: (ids) => mamba.embedTokens.forward(ids),
    finalNorm: (residual) => mamba.finalNorm.forward(residual),
    unembed: (normalized) => mamba.unembed(normalized),
  };
}
