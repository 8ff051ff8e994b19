/** Writes control vectors in GGUF, for llama.cpp and repeng. */
import { checkText, writeFileAtomically } from "@mlxterp/mlx";
import { ggufBytes } from "../checkpoint/gguf/gguf-writer.js";
import { type ControlVectorNumbers, checkControlVector } from "./control-vector.js";
import { architecture } from "./read-control-vector.js";

/**
 * Writes a control vector that llama.cpp (`--control-vector`) and repeng read. The file appears whole or not at all.
 *
 * @param vector directions for layers from 1, all of one width
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`), FileAccessError (`FILE_ACCESS`), IncompleteWriteError (`INCOMPLETE_WRITE`)
 * @example
 * writeControlVector("happy.gguf", { directions: new Map([[1, [0.5, -1]]]), modelType: "llama" });
 */
export function writeControlVector(file: string, vector: ControlVectorNumbers): void {
  checkText("file", file);
  checkControlVector(vector);
  const layers = [...vector.directions].toSorted(([a], [b]) => a - b);
  const metadata = {
    "general.architecture": architecture,
    ...(vector.modelType !== undefined && { [`${architecture}.model_hint`]: vector.modelType }),
    [`${architecture}.layer_count`]: layers.length,
  };
  const tensors = layers.map(([layer, numbers]) => ({
    name: `direction.${layer}`,
    shape: [numbers.length],
    numbers: Float32Array.from(numbers),
  }));
  writeFileAtomically(file, ggufBytes(metadata, tensors));
}
