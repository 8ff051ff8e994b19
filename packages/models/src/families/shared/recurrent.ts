/** Families of recurrent and hybrid models: a description, and the names of weights that belong to it. */
import type { WeightRule, WeightTable } from "../../checkpoint/table/weight-table.js";
import type { RecurrentConfig } from "../../recurrent/config.js";
import { RecurrentDecoder } from "../../recurrent/recurrent-decoder.js";
import { RecurrentModel } from "../../recurrent-model/recurrent-model.js";
import type { ModuleFamily } from "./family.js";

/** @param describe translates a `config.json`; throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) */
export function recurrentFamily(
  modelType: string,
  describe: (json: unknown, file: string) => RecurrentConfig,
  weights: (config: RecurrentConfig) => WeightTable,
): ModuleFamily {
  return {
    modelType,
    kind: "recurrent",
    build: (json, file) => {
      const config = describe(json, file);
      const module = new RecurrentDecoder(config);
      const open = (parts: object) => new RecurrentModel(module, { config, ...parts });
      return { module, weights: weights(config), open };
    },
  };
}

/** A convolution that files store with an axis of length one between channels and kernel. */
export const storedConvolution: WeightRule = {
  into: ["layers.*.mixer.convolution"],
  transform: (tensor, kind) => [kind === "weight" ? tensor.squeeze(1) : tensor],
  storedShape: ([shape], kind) => (kind === "weight" ? [shape[0], 1, shape[1]] : [...shape]),
};

/** A norm whose groups lie one behind the other in files; `groups` of the mixer's description. */
export const groupedNorm = (groups: number): WeightRule => ({
  into: ["layers.*.mixer.norm"],
  transform: (tensor) => [tensor.reshape([groups, -1])],
  storedShape: ([[count, width]]) => [count * width],
});
