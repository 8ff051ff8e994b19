/** Arrays in safetensors files: written whole or not at all, checked before they are read, read lazily. */

import { statSync } from "node:fs";
import { checkPath, checkRecord } from "@mlxterp/results/errors";
import { replaceFile } from "./atomic-file.js";
import { mx } from "./binding.js";
import { CorruptFileError, InvalidArgumentError } from "./errors.js";
import { fileFailure } from "./file-failure.js";
import { checkArray } from "./guard.js";
import { evaluate } from "./memory.js";
import { saveTensors } from "./save-tensors.js";
import { hasLongHeader, hasShortTexts, readTensorHeader } from "./tensor-header.js";
import type { MxArray } from "./types/array.js";
import { isWide, readWideTensors } from "./wide-tensors.js";

/** What a safetensors file holds. */
export interface TensorFile {
  /** Lazy: each is read from the file when it is first computed with, which must be there until then. */
  readonly tensors: Readonly<Record<string, MxArray>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Computes arrays and writes them to a safetensors file, which appears whole or not at all; one that was there
 * is replaced. Missing folders are made.
 *
 * @param arrays by name, of any shape and dtype, none of them without elements
 * @returns the size of the file in bytes
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for an array without elements, or a path with another extension;
 * IncompleteWriteError (`INCOMPLETE_WRITE`) on a full disk; FileAccessError (`FILE_ACCESS`)
 * @example
 * await writeTensors("activations.safetensors", { "layers.0": mx.ones([2, 3]) }, { model: "tiny" });
 */
export async function writeTensors(
  path: string,
  arrays: Readonly<Record<string, MxArray>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<number> {
  checkRecord("arrays", arrays);
  checkRecord("metadata", metadata);
  for (const [name, array] of Object.entries(arrays)) checkArray(name, array);
  if (!checkPath("path", path).endsWith(".safetensors")) {
    throw new InvalidArgumentError("path", path, `"${path}" must end in .safetensors.`);
  }
  for (const [name, { size }] of Object.entries(arrays)) {
    if (size > 0 && name !== "__metadata__") continue;
    const rule =
      size > 0
        ? "the format keeps this name for itself."
        : "the format holds no array without elements.";
    throw new InvalidArgumentError(name, arrays[name], rule);
  }
  await evaluate(Object.values(arrays));
  replaceFile(path, (temporary) => saveTensors(temporary, arrays, metadata, path));
  return statSync(path).size;
}

/**
 * Opens a safetensors file after its header has been checked; no array is read before it is computed with, unless there are float64
 * numbers in it, which become float32, or notes of more than a megabyte.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`); FileAccessError (`FILE_ACCESS`) for what cannot be read as a file
 * @example
 * await writeTensors("activations.safetensors", { "layers.0": mx.ones([2, 3]) });
 * const { tensors, metadata } = readTensors("activations.safetensors");
 * tensors["layers.0"].shape; // [2, 3]
 */
export function readTensors(path: string): TensorFile {
  const header = readTensorHeader(path);
  const tensors = isWide(header) ? readWideTensors(path) : openTensors(path);
  return { tensors, metadata: header.metadata };
}

/**
 * The arrays of a file whose header was checked before, without another look at it.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`); CorruptFileError (`CORRUPT_FILE`) when MLX cannot read it all the same
 * @example
 * await writeTensors("activations.safetensors", { "layers.0": mx.ones([2, 3]) });
 * readTensorHeader("activations.safetensors").tensors.length; // 1
 * openTensors("activations.safetensors")["layers.0"].shape; // [2, 3]
 */
export function openTensors(path: string): Record<string, MxArray> {
  checkPath("path", path);
  if (path.endsWith(".safetensors") && hasLongHeader(path)) {
    if (!hasShortTexts(readTensorHeader(path))) return readWideTensors(path);
  }
  try {
    return mx.load(path) as Record<string, MxArray>;
  } catch (error) {
    const failure = fileFailure(error, path);
    if (failure !== error || !(error instanceof Error)) throw failure;
    throw new CorruptFileError(path, `MLX cannot read it (${error.message})`, { cause: error });
  }
}
