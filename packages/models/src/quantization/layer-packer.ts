/** Packs the layers of a model while its weights are loaded. */
import { InvalidArgumentError, type Module, type MxArray, nn } from "@mlxterp/mlx";
import { moduleAt, moduleOf, replaceModule } from "./module-path.js";
import { quantizedLike } from "./quantized-modules.js";
import {
  checkScheme,
  isPackable,
  type PackedWeight,
  pack,
  type QuantizationScheme,
} from "./scheme.js";

/** How weights are packed on loading. */
export interface QuantizeOptions {
  /** Bits per number: 2, 4 or 8. Default: 4. */
  readonly bits?: number;
  /** Numbers that share scale and offset: 32, 64 or 128. Default: 64. */
  readonly groupSize?: number;
  /** Layers that differ, by path such as `layers.0.mlp.downProj`; `false` keeps one in full precision. */
  readonly overrides?: Readonly<Record<string, QuantizationScheme | false>>;
}

/** Decides and packs. */
export interface LayerPacker {
  /** @returns undefined for what stays as it is: norms, biases, and rows that do not divide into groups */
  pack(root: Module, parameter: string, array: MxArray): PackedWeight | undefined;
}

/**
 * @param root to check the paths of overrides against
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for unknown bits, groups or layers
 */
export function createPacker(root: Module, options: QuantizeOptions): LayerPacker {
  const { bits = 4, groupSize = 64, overrides = {} } = options;
  const common = checkScheme({ bits, groupSize });
  for (const [path, scheme] of Object.entries(overrides)) {
    if (scheme) checkScheme(scheme);
    if (isLayer(moduleAt(root, path))) continue;
    const rule = `"${path}" is no linear layer or embedding of this model.`;
    throw new InvalidArgumentError("quantize.overrides", path, rule);
  }
  return {
    pack: (model, parameter, array) => {
      if (!parameter.endsWith(".weight")) return undefined;
      const path = moduleOf(parameter);
      const scheme = Object.hasOwn(overrides, path) ? overrides[path] : common;
      if (!scheme || !isLayer(moduleAt(model, path))) return undefined;
      return isPackable(array.shape, scheme) ? pack(array, scheme) : undefined;
    },
  };
}

function isLayer(module: unknown): boolean {
  return module instanceof nn.Linear || module instanceof nn.Embedding;
}

/**
 * Puts the packed form of a layer in its place.
 *
 * @returns what is to be computed; nothing where there is no plain layer
 */
export function installPacked(
  root: Module,
  path: string,
  packed: PackedWeight,
): [path: string, array: MxArray][] {
  const module = quantizedLike(moduleAt(root, path), packed);
  if (!module) return [];
  replaceModule(root, path, module);
  return [
    [`${path}.weight`, packed.weight],
    [`${path}.scales`, packed.scales],
    [`${path}.biases`, packed.biases],
  ];
}
