/** Safetensors files that MLX does not read: with float64, which becomes float32, or with texts as long as its stack. */
import { readFileSync } from "node:fs";
import { withFile } from "./file-failure.js";
import { fromBytes } from "./host.js";
import { hasShortTexts, type TensorHeader } from "./tensor-header.js";
import type { MxArray } from "./types/array.js";

/** Whether MLX would refuse a file of this header, or end with it. */
export function isWide(header: TensorHeader): boolean {
  return header.tensors.some(({ dtype }) => dtype === "F64") || !hasShortTexts(header);
}

/** @param path of a file whose header was checked; read as a whole */
export function readWideTensors(path: string): Record<string, MxArray> {
  const bytes = withFile(path, () => readFileSync(path));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<string, Entry>;
  const entries = Object.entries(header).filter(([name]) => name !== "__metadata__");
  return Object.fromEntries(
    entries.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [begin, end],
        },
      ]) => {
        const data = bytes.subarray(start + begin, start + end);
        return [name, fromBytes(data, shape, dtype)];
      },
    ),
  );
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}
