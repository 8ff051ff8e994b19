/** Collects a model's weights under the names and in the form of its checkpoint. */
import type { Module, MxArray } from "@mlxterp/mlx";
import { listParameters } from "../decoder/parameters.js";
import { UnsupportedSaveError } from "../errors.js";
import type { CheckpointTensor } from "../loading/checkpoint.js";
import { fullWeight, isPacked, type Weighted } from "../quantization/full-weight.js";
import { moduleAt, moduleOf } from "../quantization/module-path.js";
import type { PackedWeight, QuantizationScheme } from "../quantization/scheme.js";
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
  for (const tensor of tensors) {
    const { name, target } = tensor;
    const packed = unpacked ? undefined : packedOf(root, tensor);
    if (packed) {
      const module = moduleOf(name);
      schemes.set(module, { bits: packed.bits, groupSize: packed.groupSize });
      for (const part of ["weight", "scales", "biases"] as const) {
        arrays[`${module}.${part}`] = packed[part];
      }
      continue;
    }
    const parts = target.parameters.map((path) => parameterAt(root, path, parameters));
    const { piece } = target;
    arrays[name] = restore(tensor, piece === undefined ? parts : parts.map((x) => x.index(piece)));
  }
  return { arrays, schemes };
}

function packedOf(root: Module, { name, target }: CheckpointTensor): PackedWeight | undefined {
  const layers =
    target.kind === "weight" ? target.parameters.map((path) => moduleAt(root, moduleOf(path))) : [];
  const packed = layers.filter(
    (layer) => layer !== null && typeof layer === "object" && isPacked(layer),
  );
  if (packed.length === 0) return undefined;
  if (!target.rule.transform) return packed[0];
  throw new UnsupportedSaveError(
    name,
    "its family fuses or transposes this weight, which is not implemented for packed ones. Use { unpacked: true }.",
  );
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
