/** Archives of NumPy (`.npz`, as `numpy.savez` writes them), read without running anything in them. */
import { CorruptFileError, UnsupportedFileError } from "../errors.js";
import { fileSize } from "../file-failure.js";
import { fromBytes } from "../host.js";
import { readZipEntries, readZipEntry } from "../torch-file/zip-entries.js";
import type { MxArray } from "../types/array.js";

const magic = Buffer.from("\x93NUMPY", "latin1");

/** NumPy's words for dtypes, without the byte order, in those of safetensors. */
const dtypes: Readonly<Record<string, string>> = {
  ...{ f8: "F64", f4: "F32", f2: "F16", i8: "I64", i4: "I32", i2: "I16", i1: "I8" },
  ...{ u8: "U64", u4: "U32", u2: "U16", u1: "U8", b1: "BOOL" },
};

/**
 * The arrays of an `.npz` file by name; float64 becomes float32. Both orders of memory are read.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`); UnsupportedFileError (`UNSUPPORTED_FILE`) for compressed archives, objects and
 * big-endian numbers; FileAccessError (`FILE_ACCESS`)
 * @example
 * import { existsSync } from "node:fs";
 * if (existsSync("params.npz")) Object.keys(readNumpyArchive("params.npz"));
 */
export function readNumpyArchive(file: string): Record<string, MxArray> {
  const arrays: Record<string, MxArray> = {};
  for (const [name, entry] of readZipEntries(file, fileSize(file))) {
    if (!name.endsWith(".npy")) continue;
    if (!entry.plain) {
      const what = `"${name.slice(0, 80)}" in it is compressed or encrypted`;
      throw new UnsupportedFileError(file, what, "Write it again with numpy.savez.");
    }
    arrays[name.slice(0, -4)] = readArray(file, name, readZipEntry(file, entry));
  }
  return arrays;
}

function readArray(file: string, name: string, bytes: Buffer): MxArray {
  const about = (reason: string) => new CorruptFileError(file, `"${name.slice(0, 80)}" ${reason}`);
  if (bytes.length < 12 || !bytes.subarray(0, 6).equals(magic)) throw about("is no array of NumPy");
  const wide = bytes[6] >= 2; // from version 2 on, the header's length has 4 bytes
  const start = (wide ? 12 : 10) + (wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  if (start > bytes.length) throw about("ends in its header");
  const header = bytes.toString("latin1", wide ? 12 : 10, start);
  const descr = /'descr':\s*'([<>|=]?)(\w+)'/.exec(header);
  const shape = /'shape':\s*\(([\d,\s]*)\)/.exec(header);
  if (!shape || !/'fortran_order':\s*(True|False)/.test(header))
    throw about("has a damaged header");
  const dtype = descr && descr[1] !== ">" ? dtypes[descr[2]] : undefined;
  if (dtype === undefined) {
    const what = `"${name.slice(0, 80)}" holds neither numbers nor booleans in little-endian order`;
    throw new UnsupportedFileError(file, what, "Convert it with .astype(numpy.float32).");
  }
  const lengths = (shape[1].match(/\d+/g) ?? []).map(Number);
  const count = lengths.reduce((product, length) => product * length, Number(descr![2].slice(1)));
  if (bytes.length - start !== count)
    throw about(`has ${bytes.length - start} bytes, not ${count}`);
  const data = bytes.subarray(start);
  if (!/'fortran_order':\s*True/.test(header)) return fromBytes(data, lengths, dtype);
  return fromBytes(data, lengths.toReversed(), dtype).transpose();
}
