/** Tells packed tensors of a file from plain ones, and puts each with its scales and biases. */
import { CorruptCheckpointError, WeightShapeError } from "../../errors.js";
import type { QuantizationScheme } from "../../packed/scheme.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import type { Packing } from "../quantization/packing-config.js";

/** Where the three parts of a packed matrix lie, and how they are to be read. */
export interface PackedEntry {
  readonly scales: TensorEntry;
  readonly biases: TensorEntry;
  readonly scheme: QuantizationScheme;
}

/** One tensor of the model as the files store it. */
export interface StoredTensor {
  readonly entry: TensorEntry;
  /** The shape of the matrix, unpacked. */
  readonly shape: readonly number[];
  readonly packed: PackedEntry | undefined;
}

/**
 * @param packing without it every tensor is a plain one
 * @throws WeightShapeError (`WEIGHT_SHAPE`) when the parts of a packed matrix contradict each other or the config
 */
export function storedTensors(
  entries: readonly TensorEntry[],
  packing: Packing | undefined,
): StoredTensor[] {
  if (!packing) return entries.map((entry) => ({ entry, shape: entry.shape, packed: undefined }));
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  const stored: StoredTensor[] = [];
  for (const entry of entries) {
    const [, module, part] = /^(.*)\.(weight|scales|biases)$/.exec(entry.name) ?? [];
    const weight = byName.get(`${module}.weight`);
    const scales = byName.get(`${module}.scales`);
    if (part !== undefined && part !== "weight" && weight && scales) continue; // comes with its weight
    if (part !== "weight" || !scales) {
      stored.push({ entry, shape: entry.shape, packed: undefined });
      continue;
    }
    const biases = byName.get(`${module}.biases`);
    if (!biases) throw new CorruptCheckpointError(entry.file, `${module} has scales but no biases`);
    stored.push(packedTensor(entry, { scales, biases, scheme: packing.schemeOf(module) }));
  }
  return stored;
}

function packedTensor(entry: TensorEntry, packed: PackedEntry): StoredTensor {
  const { bits, groupSize } = packed.scheme;
  const rows = entry.shape.slice(0, -1);
  const columns = ((entry.shape.at(-1) ?? 0) * 32) / bits;
  const shape = [...rows, columns];
  const expected = [...rows, columns / groupSize];
  for (const part of [packed.scales, packed.biases]) {
    if (part.shape.join() === expected.join()) continue;
    throw new WeightShapeError(part.name, expected, part.shape, part.file);
  }
  return { entry, shape, packed };
}
