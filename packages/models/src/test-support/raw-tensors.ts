/** Writes safetensors files of bytes, for dtypes that the binding does not know. */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A tensor as its bytes. */
export interface RawTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Puts tensors at the end of the `model.safetensors` of a folder. */
export function addRawTensors(folder: string, tensors: Readonly<Record<string, RawTensor>>): void {
  const file = join(folder, "model.safetensors");
  const old = readFileSync(file);
  const length = Number(old.readBigUInt64LE(0));
  const { __metadata__: _, ...header } = JSON.parse(old.toString("utf8", 8, 8 + length));
  const data = old.subarray(8 + length);
  let end = data.length;
  for (const [name, { dtype, shape, data: bytes }] of Object.entries(tensors)) {
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(file, Buffer.concat([size, text, data]));
  for (const { data: bytes } of Object.values(tensors)) appendFileSync(file, bytes);
}
