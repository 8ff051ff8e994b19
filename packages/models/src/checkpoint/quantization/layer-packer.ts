/** Packs the layers of a model while its weights are loaded. */
import {
  checkOptions,
  InvalidArgumentError,
  type Module,
  type MxArray,
  nn,
  type OptionNames,
} from "@mlxterp/mlx";
import { ExpertLinear } from "../../decoder/experts/expert-linear.js";
import {
  checkScheme,
  isPackable,
  type PackedWeight,
  packedParts,
  type QuantizationScheme,
} from "../../packed/scheme.js";
import { moduleAt, moduleOf, replaceModule } from "./module-path.js";
import { quantizedLike } from "./quantized-modules.js";

/** How weights are packed on loading. */
export interface QuantizeOptions {
  /** Bits per number: 2, 4 or 8. Default: 4. */
  readonly bits?: number;
  /** Numbers that share scale and offset: 32, 64 or 128. Default: 64. */
  readonly groupSize?: number;
  /** Layers that differ, by path such as `layers.0.mlp.downProj`; `false` keeps one in full precision. */
  readonly overrides?: Readonly<Record<string, QuantizationScheme | false>>;
}

const optionNames: OptionNames<QuantizeOptions> = { bits: true, groupSize: true, overrides: true };

/** Decides which weights are packed, and how. */
export interface LayerPacker {
  /**
   * @param parameter its path
   * @param shape of the weight, or of one expert's
   * @returns undefined for what stays as it is: norms, biases, routers, and rows that do not divide into groups
   */
  schemeOf(parameter: string, shape: readonly number[]): QuantizationScheme | undefined;
}

/**
 * @param root the model, before any of its layers is replaced
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for unknown options, bits, groups or layers
 */
export function createPacker(root: Module, options: QuantizeOptions): LayerPacker {
  checkOptions("quantize", options, optionNames);
  const { bits = 4, groupSize = 64, overrides = {} } = options;
  const common = checkScheme({ bits, groupSize });
  for (const [path, scheme] of Object.entries(overrides)) {
    if (scheme) checkScheme(scheme);
    if (isLayer(moduleAt(root, path))) continue;
    const rule = `"${path}" is no linear layer or embedding of this model.`;
    throw new InvalidArgumentError("quantize.overrides", path, rule);
  }
  return {
    schemeOf: (parameter, shape) => {
      if (!parameter.endsWith(".weight")) return undefined;
      const path = moduleOf(parameter);
      const scheme = Object.hasOwn(overrides, path) ? overrides[path] : common;
      if (!scheme || !isLayer(moduleAt(root, path))) return undefined;
      return isPackable(shape, scheme) ? scheme : undefined;
    },
  };
}

function isLayer(module: unknown): boolean {
  return [nn.Linear, nn.Embedding, ExpertLinear].some((kind) => module instanceof kind);
}

/**
 * Puts the packed form of a layer in its place.
 *
 * @returns what is to be computed; nothing where there is no plain layer
 */
export function installPacked(root: Module, path: string, packed: PackedWeight): MxArray[] {
  const module = quantizedLike(moduleAt(root, path), packed);
  if (!module) return [];
  replaceModule(root, path, module);
  return packedParts.map((part) => packed[part]);
}
