/** Writes arrays with the binding, which by itself refuses views and takes no notice of a full disk. */
import { dirname } from "node:path";
import { mx } from "./binding.js";
import { CorruptFileError, IncompleteWriteError } from "./errors.js";
import { readTensorHeader } from "./tensor-header.js";
import type { MxArray } from "./types/array.js";

/**
 * @param file a safetensors file to be made or overwritten; what it holds after a failure is of no use
 * @param arrays evaluated
 * @throws IncompleteWriteError (`INCOMPLETE_WRITE`)
 */
export function saveTensors(
  file: string,
  arrays: Readonly<Record<string, MxArray>>,
  metadata: Readonly<Record<string, string>> = {},
): void {
  try {
    mx.saveSafetensors(file, { ...arrays }, { ...metadata });
  } catch {
    // Views with gaps or repetitions are refused, but not named: all are copied.
    const copies = Object.entries(arrays).map(([name, array]) => [name, rowMajor(array)]);
    mx.saveSafetensors(file, Object.fromEntries(copies), { ...metadata }); // whatever else went wrong is thrown here
  }
  requireWhole(file);
}

function rowMajor(array: MxArray): MxArray {
  if (array.size < 2) return array;
  const flat = array.reshape([-1]);
  const parts = [flat.index(mx.Slice(0, 1)), flat.index(mx.Slice(1, null))];
  return mx.concatenate(parts, 0).reshape(array.shape);
}

/** The header says how long the file has to be. */
function requireWhole(file: string): void {
  try {
    readTensorHeader(file);
  } catch (error) {
    if (!(error instanceof CorruptFileError)) throw error;
    throw new IncompleteWriteError(dirname(file), error.reason, { cause: error });
  }
}
