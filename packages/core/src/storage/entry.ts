/** One activation of a cache: an array on the device, or a place on the disk from which it is read when asked for. */
import {
  CorruptFileError,
  type DtypeName,
  dtypeName,
  FileAccessError,
  fileFailure,
  type HashedFile,
  isArray,
  type MxArray,
  mx,
  readTensors,
} from "@mlxterp/mlx";
import { CorruptCacheError } from "./errors.js";
import { requireHeld } from "./overflow.js";
import type { SavedSite } from "./saved-site.js";

/** An array in a safetensors file, under the name of its site. */
export interface DiskValue {
  /** Undefined for an array without elements, which the format cannot hold. */
  readonly file: HashedFile | undefined;
  readonly shape: readonly number[];
  readonly dtype: DtypeName;
}

export interface CacheEntry {
  readonly site: SavedSite;
  readonly value: MxArray | DiskValue;
  /** Grows in the order in which values come about during the forward. */
  readonly order: number;
  /** The largest finite size before a cast to half precision; see `largestCast`. */
  readonly largest?: MxArray;
}

/** Files that are open, with those of their arrays that nobody has asked for yet. */
export type OpenFiles = Map<string, Record<string, MxArray>>;

/**
 * The entry's array; one on the disk is read when it is computed with.
 *
 * @param opened shares open files among entries that are asked for once each
 * @throws CorruptCacheError (`CORRUPT_CACHE`)
 */
export function arrayOf({ site, value }: CacheEntry, opened: OpenFiles = new Map()): MxArray {
  if (isArray(value)) return value;
  const { file, shape, dtype } = value;
  if (file === undefined) return mx.zeros([...shape], mx[dtype]);
  const { path } = file;
  const tensors = opened.get(path) ?? readable(path, () => ({ ...readTensors(path).tensors }));
  opened.set(path, tensors);
  const { [site.name]: array } = tensors;
  delete tensors[site.name]; // so that only the caller keeps what is read
  if (array) return array;
  throw new CorruptCacheError(path, `it does not hold "${site.name}" any more`);
}

/** Reads a file of a cache. @throws CorruptCacheError (`CORRUPT_CACHE`) when it is missing or damaged, FileAccessError (`FILE_ACCESS`) */
export function readable<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof CorruptFileError)
      throw new CorruptCacheError(file, cause.reason, { cause });
    const failure = fileFailure(cause, file);
    const missing = failure instanceof FileAccessError && failure.reason === "ENOENT";
    if (missing) throw new CorruptCacheError(file, "the file is missing", { cause });
    throw failure;
  }
}

export function bytesOf({ value }: CacheEntry): number {
  if (isArray(value)) return value.nbytes;
  return value.shape.reduce((product, length) => product * length, mx[value.dtype].size);
}

export function dtypeOf({ value }: CacheEntry): DtypeName {
  return isArray(value) ? dtypeName(value.dtype) : value.dtype;
}

/** @throws DtypeOverflowError (`DTYPE_OVERFLOW`) for a computed entry that lost finite values */
export function requireEntryHeld(entry: CacheEntry): void {
  const { site, largest } = entry;
  if (largest) requireHeld(site.name, dtypeOf(entry), largest);
}
