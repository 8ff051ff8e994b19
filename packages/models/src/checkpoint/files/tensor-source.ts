/** Hands out the tensors of a checkpoint, so that nothing holds on to a tensor that was used. */
import { fromFlat, type MxArray, openTensors } from "@mlxterp/mlx";
import { readFileBytes } from "./file-bytes.js";
import { decodeNumbers, formatBytes, type NumberFormat } from "./number-formats.js";
import type { TensorEntry } from "./safetensors-header.js";

/** Where the numbers come from. */
export interface TensorSource {
  /** A whole tensor, read when it, or what it became, is evaluated, where the format allows that. */
  take(entry: TensorEntry): MxArray;
  /** A part of a floating-point tensor, in float32: `from` to before `to` along the first axis. */
  rows(entry: TensorEntry, from: number, to: number): MxArray;
  /** Lets go of what was opened for the last tensors; what was taken stays. */
  drop(): void;
}

/** Reads safetensors files. */
export class SafetensorsSource implements TensorSource {
  readonly #files = new Map<string, Record<string, MxArray>>();
  readonly #starts = new Map<string, ReadonlyMap<string, number>>();

  take({ file, name }: TensorEntry): MxArray {
    const tensors = this.#files.get(file) ?? openTensors(file);
    this.#files.set(file, tensors);
    return tensors[name];
  }

  rows(entry: TensorEntry, from: number, to: number): MxArray {
    const data = this.bytes(entry, from, to);
    const shape = [to - from, ...entry.shape.slice(1)];
    return fromFlat(decodeNumbers(data, entry.dtype as NumberFormat), shape);
  }

  drop(): void {
    this.#files.clear();
  }

  /** A part of a tensor as it is in the file. */
  bytes({ file, name, shape, dtype }: TensorEntry, from: number, to: number): Buffer {
    const starts = this.#starts.get(file) ?? readStarts(file);
    this.#starts.set(file, starts);
    const width = formatBytes[dtype as NumberFormat] ?? 1; // other numbers that are read so are bytes
    const row = shape.slice(1).reduce((product, length) => product * length, width);
    return readFileBytes(file, (starts.get(name) ?? 0) + from * row, (to - from) * row);
  }
}

/** Where each tensor of a file begins; the header was checked when the checkpoint was opened. */
function readStarts(file: string): Map<string, number> {
  const headerBytes = Number(readFileBytes(file, 0, 8).readBigUInt64LE());
  const text = readFileBytes(file, 8, headerBytes).toString("utf8");
  const header = JSON.parse(text) as Record<
    string,
    { readonly data_offsets?: readonly [number, number] } | null
  >;
  const starts = Object.entries(header).map(
    ([name, entry]) => [name, 8 + headerBytes + (entry?.data_offsets?.[0] ?? 0)] as const,
  );
  return new Map(starts);
}
