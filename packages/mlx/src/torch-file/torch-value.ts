/** What a torch file holds, and the tensors in it. */

/** Numbers of a storage, in the words of safetensors. */
export type StorageDtype =
  | ("F64" | "F32" | "F16" | "BF16" | "F8_E4M3" | "F8_E5M2")
  | ("I64" | "I32" | "I16" | "I8" | "U8" | "U16" | "U32" | "U64" | "BOOL" | "C64");

/** A stretch of a file that one or several tensors look at. */
export interface TorchStorage {
  readonly key: string;
  /** Where in the file its first byte is; known once all of an old file has been read. */
  start: number;
  readonly bytes: number;
}

/** A tensor: where its numbers are, none of which has been read. */
export class TorchTensor {
  constructor(
    readonly file: string,
    readonly storage: TorchStorage,
    readonly dtype: StorageDtype,
    readonly shape: readonly number[],
    /** In items, as the storage has them: 0 where an axis repeats, any order for transposed ones. */
    readonly strides: readonly number[],
    /** In items. */
    readonly offset: number,
  ) {}
}

/** Everything that is read: what Python had, as JavaScript has it. Tuples are lists. */
export type TorchValue =
  | (null | boolean | number | bigint | string)
  | Uint8Array
  | TorchTensor
  | readonly TorchValue[]
  | ReadonlySet<TorchValue>
  | ReadonlyMap<TorchValue, TorchValue>;

export const itemBytes: Readonly<Record<StorageDtype, number>> = {
  ...{ F64: 8, F32: 4, F16: 2, BF16: 2, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, U16: 2, U32: 4, U64: 8, BOOL: 1, C64: 8 },
};
