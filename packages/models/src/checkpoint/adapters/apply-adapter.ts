/** Puts LoRA adapters into a model: added to its weights while they are loaded, or beside them as modules of their own. */
import { evaluateNow, type Linear, type Module, type MxArray, mx } from "@mlxterp/mlx";
import { UnsupportedConfigError } from "../../errors.js";
import { fullWeight } from "../../packed/full-weight.js";
import { moduleAt, replaceModule } from "../quantization/module-path.js";
import type { QuantizedLinear } from "../quantization/quantized-modules.js";
import type { LayerChange } from "./layer-changes.js";
import { LoraLinear } from "./lora-linear.js";

/**
 * Keeps adapters as modules with their own sites; the loaded model is changed. Of several that change one layer, each has
 * the one before as its base.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for an adapted embedding
 */
export function attachAdapters(root: Module, changes: readonly LayerChange[]): void {
  for (const { path, down, up, scale, magnitude, isEmbedding, file } of changes) {
    if (isEmbedding) {
      const rule = `${path} is an embedding, whose adapter is added to its weight. Leave { live } out.`;
      throw new UnsupportedConfigError("live", true, file, rule);
    }
    const layer = moduleAt(root, path) as Linear | QuantizedLinear | LoraLinear;
    const change = { down, up, scale };
    const factor = magnitude && rowFactors(changed(fullWeight(layer), change), magnitude);
    if (factor) evaluateNow([factor]);
    replaceModule(root, path, new LoraLinear(layer, { ...change, factor: factor?.reshape([-1]) }));
  }
}

/** Adds adapters to weights. */
export interface AdapterMerge {
  /**
   * @param parameter its path
   * @param weight all rows of it, or those from `first` on
   * @returns the sum, or the weight itself where no adapter changes anything
   */
  add(parameter: string, weight: MxArray, first?: number): MxArray;
  /** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) where there is a change: a packed weight cannot take it up */
  refuse(parameter: string): void;
}

export function mergeAdapters(changes: readonly LayerChange[]): AdapterMerge {
  const byParameter = new Map<string, LayerChange[]>();
  for (const change of changes) {
    const parameter = `${change.path}.weight`;
    byParameter.set(parameter, [...(byParameter.get(parameter) ?? []), change]);
  }
  return {
    add: (parameter, weight, first = 0) =>
      (byParameter.get(parameter) ?? []).reduce((sum, { up, down, scale, magnitude }) => {
        const part = (array: MxArray) => array.index(mx.Slice(first, first + weight.shape[0]));
        const changedRows = changed(sum, { up: part(up), down, scale });
        if (!magnitude) return changedRows;
        return mx.multiply(changedRows, rowFactors(changedRows, part(magnitude)));
      }, weight),
    refuse: (parameter) => {
      const [change] = byParameter.get(parameter) ?? [];
      if (change) throw packedBase(change.path, change.file);
    },
  };
}

function changed(
  weight: MxArray,
  { up, down, scale }: Pick<LayerChange, "up" | "down" | "scale">,
): MxArray {
  return mx.add(weight, mx.multiply(mx.matmul(up, down), scale));
}

/**
 * What gives each row of a weight its length. Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation",
 * equation 5, where every output of the layer has a length of its own.
 *
 * @param weight (out, in)
 * @param magnitude (out, 1)
 */
function rowFactors(weight: MxArray, magnitude: MxArray): MxArray {
  return mx.divide(magnitude, mx.sqrt(mx.sum(mx.square(weight), 1, true)));
}

function packedBase(path: string, file: string): UnsupportedConfigError {
  const rule = `${path} is packed and cannot take up an adapter. Use { live: true }, or load the base model without quantization.`;
  return new UnsupportedConfigError("live", false, file, rule);
}
