/** Collects a model's weights under the names and in the form of its checkpoint. */

import type { Module, MxArray } from "@mlxterp/mlx";
import { listParameters } from "@mlxterp/mlx";
import { UnsupportedSaveError } from "../../errors.js";
import { fullWeight, isPacked, type Weighted } from "../../packed/full-weight.js";
import { type PackedWeight, packedParts, type QuantizationScheme } from "../../packed/scheme.js";
import type { CheckpointTensor } from "../checkpoint.js";
import { moduleAt, moduleOf } from "../quantization/module-path.js";
import { joinPacked } from "./join-packed.js";
import { createRestore } from "./stored-form.js";

/** What goes into the files. */
export interface SavedTensors {
  /** Lazy. */
  readonly arrays: Record<string, MxArray>;
  /** By module path in the file; empty for a model without packed weights. */
  readonly schemes: ReadonlyMap<string, QuantizationScheme>;
}

/** @param unpacked writes packed weights as the numbers they stand for */
export function collectTensors(
  root: Module,
  tensors: readonly CheckpointTensor[],
  unpacked: boolean,
): SavedTensors {
  const parameters = listParameters(root);
  const restore = createRestore();
  const arrays: Record<string, MxArray> = {};
  const schemes = new Map<string, QuantizationScheme>();
  const addPacked = (module: string, packed: PackedWeight) => {
    schemes.set(module, { bits: packed.bits, groupSize: packed.groupSize });
    for (const part of packedParts) arrays[`${module}.${part}`] = packed[part];
  };
  for (const tensor of tensors) {
    const { name, target } = tensor;
    const layers = unpacked ? undefined : packedLayers(root, tensor);
    if (layers && isExpert(tensor)) {
      for (const [index, layer] of layers.entries()) {
        const whole = tensor.stacked?.[index] as string;
        if (whole.endsWith(".weight")) addPacked(moduleOf(whole), layer);
        else arrays[whole] = parameterAt(root, target.parameters[index], parameters);
      }
    } else if (layers && target.kind === "weight") {
      addPacked(moduleOf(name), joinPacked(tensor, layers));
    } else {
      const parts = target.parameters.map((path) => parameterAt(root, path, parameters));
      const { piece } = target;
      arrays[name] = restore(
        tensor,
        piece === undefined ? parts : parts.map((x) => x.index(piece)),
      );
    }
  }
  return { arrays, schemes };
}

/** Experts are written whole where they are packed, with their biases. */
function isExpert({ target, stacked }: CheckpointTensor): boolean {
  return stacked !== undefined && (target.piece !== undefined || target.kind === "");
}

/** The layers of a tensor's parameters, where all of them are packed. */
function packedLayers(
  root: Module,
  { name, target }: CheckpointTensor,
): readonly PackedWeight[] | undefined {
  const layers = target.parameters.map((path) => moduleAt(root, moduleOf(path)));
  const packed = layers.filter(
    (layer): layer is PackedWeight =>
      layer !== null && typeof layer === "object" && isPacked(layer),
  );
  if (packed.length === 0) return undefined;
  if (packed.length === layers.length) return packed;
  const rule =
    "of the layers that share it some are packed and some are not. Use { unpacked: true }.";
  throw new UnsupportedSaveError(name, rule);
}

/** The array of a parameter as the checkpoint knows it, whatever form the layer has now. */
function parameterAt(
  root: Module,
  path: string,
  parameters: ReadonlyMap<string, MxArray>,
): MxArray {
  const layer = moduleAt(root, moduleOf(path)) as (Weighted & { bias?: MxArray }) | undefined;
  if (layer && path.endsWith(".weight")) return fullWeight(layer);
  const array = path.endsWith(".bias") ? layer?.bias : parameters.get(path);
  if (array) return array;
  throw new UnsupportedSaveError(path, "the model no longer has this parameter.");
}
