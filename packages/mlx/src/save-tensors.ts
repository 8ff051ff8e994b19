/** Writes a safetensors file from arrays of any layout, and makes sure that all of it was written. */
import { mx } from "./binding.js";
import { CorruptFileError, FileAccessError, IncompleteWriteError } from "./errors.js";
import { readTensorHeader } from "./tensor-header.js";
import type { MxArray } from "./types/array.js";

type Arrays = Readonly<Record<string, MxArray>>;

/**
 * @param shown the name for errors, where the file is to be renamed
 * @throws IncompleteWriteError (`INCOMPLETE_WRITE`) where the file has no room
 */
export function saveTensors(
  file: string,
  arrays: Arrays,
  metadata: Readonly<Record<string, string>> = {},
  shown = file,
): void {
  try {
    saveAnyLayout(file, arrays, metadata);
    readTensorHeader(file); // MLX does not tell when the disk is full: the file just ends early
  } catch (cause) {
    if (cause instanceof FileAccessError && cause.reason === "ENXIO")
      throw new IncompleteWriteError(shown, "what is there keeps nothing", { cause }); // a device or pipe
    if (cause instanceof CorruptFileError)
      throw new IncompleteWriteError(shown, cause.reason, { cause });
    if (cause instanceof Error && /unable to write/i.test(cause.message))
      throw new IncompleteWriteError(shown, cause.message, { cause }); // the newer binding tells
    throw cause;
  }
}

/** The binding refuses arrays that are views with gaps or repetitions, and does not tell which are: copy those. */
function saveAnyLayout(file: string, arrays: Arrays, metadata: Readonly<Record<string, string>>) {
  try {
    mx.saveSafetensors(file, { ...arrays }, { ...metadata });
  } catch {
    const copies = Object.entries(arrays).map(([name, array]) => [name, rowMajor(array)]);
    mx.saveSafetensors(file, Object.fromEntries(copies), { ...metadata }); // whatever else went wrong is thrown here
  }
}

function rowMajor(array: MxArray): MxArray {
  if (array.size < 2) return array;
  const flat = array.reshape([-1]);
  const parts = [flat.index(mx.Slice(0, 1)), flat.index(mx.Slice(1, null))];
  return mx.concatenate(parts, 0).reshape(array.shape);
}
