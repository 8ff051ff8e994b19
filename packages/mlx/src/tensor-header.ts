/** Reads and checks the header of a safetensors file before MLX sees it, so that damage is an error and never a crash. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { CorruptFileError } from "./errors.js";
import { fileSize, withFile } from "./file-failure.js";
import { readPart } from "./file-part.js";

const bytesByDtype: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
  C64: 8,
};

/** One tensor as the header declares it; the dtype in the format's own words, such as `F32`. */
export interface TensorDeclaration {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
}

export interface TensorHeader {
  /** In the order of the header. */
  readonly tensors: readonly TensorDeclaration[];
  /** What the writer noted, as text. */
  readonly metadata: Readonly<Record<string, string>>;
}

const lengthBytes = 8;
const mostTextBytes = 2 ** 20; // MLX ends the process at names or notes as long as the stack of its thread
const largestHeader = 100_000_000; // the limit of the format's own reader
const mostAxes = 32; // MLX counts axes and lengths in 32 bits
const pointerMark = "version ";

/**
 * The header of a safetensors file, after everything the format promises has been checked: the file is as long as
 * its tensors, and they fill it side by side. Source: the format's description, github.com/huggingface/safetensors.
 *
 * @throws CorruptFileError (`CORRUPT_FILE`); FileAccessError (`FILE_ACCESS`) for what cannot be read as a file
 * @example
 * await writeTensors("a.safetensors", { x: mx.ones([2]) });
 * readTensorHeader("a.safetensors").tensors; // [{ name: "x", dtype: "F32", shape: [2] }]
 */
export function readTensorHeader(file: string): TensorHeader {
  fileSize(file); // opening a pipe would wait for somebody to write into it
  const { header, dataBytes, entryCount } = withFile(file, () => readHeader(file));
  const { __metadata__: metadata, ...entries } = header;
  if (Object.keys(entries).length < entryCount) {
    throw new CorruptFileError(file, "its header declares a tensor twice");
  }
  const spans: Span[] = [];
  const tensors = Object.entries(entries).map(([name, value]): TensorDeclaration => {
    if (!isEntry(value))
      throw new CorruptFileError(file, `its entry for "${name}" is not a tensor`);
    const { dtype, shape, data_offsets } = value;
    const [begin, end] = data_offsets;
    const bytes = shape.reduce((product, length) => product * length, bytesByDtype[dtype]);
    if (end - begin !== bytes) {
      const needs = `[${shape.join(", ")}] of ${dtype} needs ${bytes}`;
      throw new CorruptFileError(file, `"${name}" takes ${end - begin} bytes, but ${needs}`);
    }
    spans.push({ name, begin, end });
    return { name, dtype, shape };
  });
  checkSpans(spans, dataBytes, file);
  return { tensors, metadata: checkMetadata(metadata, file) };
}

/** Whether a header is so long that a name or note in it may be too long for MLX. */
export function hasLongHeader(file: string): boolean {
  return readPart(file, 0, lengthBytes).readBigUInt64LE() > BigInt(mostTextBytes);
}

/** Whether names and notes are short enough for MLX. */
export function hasShortTexts({ tensors, metadata }: TensorHeader): boolean {
  const texts = [...tensors.map(({ name }) => name), ...Object.entries(metadata).flat()];
  return texts.every((text) => Buffer.byteLength(text) <= mostTextBytes);
}

function checkMetadata(value: unknown, file: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  const isObject = typeof value === "object" && !Array.isArray(value);
  if (!isObject) throw new CorruptFileError(file, "its metadata is not an object");
  const wrong = Object.entries(value).find(([, text]) => typeof text !== "string");
  if (wrong) throw new CorruptFileError(file, `its metadata "${wrong[0]}" is not text`);
  return value as Record<string, string>;
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

function isEntry(value: unknown): value is Entry {
  const { dtype, shape, data_offsets } = (value ?? {}) as Record<string, unknown>;
  const known = typeof dtype === "string" && Object.hasOwn(bytesByDtype, dtype);
  if (!known || !areCounts(shape) || !areCounts(data_offsets)) return false;
  const fits = shape.length <= mostAxes && shape.every((length) => length < 2 ** 31);
  return fits && data_offsets.length === 2;
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

interface Span {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

/** The tensors must fill the data exactly, side by side. */
function checkSpans(spans: Span[], dataBytes: number, file: string): void {
  let covered = 0;
  for (const { name, begin, end } of spans.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered) throw new CorruptFileError(file, `"${name}" overlaps another tensor`);
    if (begin > covered) throw new CorruptFileError(file, `there is a hole before "${name}"`);
    covered = end;
  }
  if (covered === dataBytes) return;
  const reason =
    covered > dataBytes
      ? `it ends ${covered - dataBytes} bytes early (truncated?)`
      : `${dataBytes - covered} bytes at its end belong to no tensor`;
  throw new CorruptFileError(file, reason);
}

interface ReadHeader {
  readonly header: Record<string, unknown>;
  readonly dataBytes: number;
  /** How many tensors its text declares; of those of one name, reading JSON leaves the last. */
  readonly entryCount: number;
}

function readHeader(file: string): ReadHeader {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const start = readBytes(descriptor, 0, Math.min(size, lengthBytes));
    if (start.toString("latin1") === pointerMark) {
      throw new CorruptFileError(file, "it is a Git LFS pointer, not the data (git lfs pull)");
    }
    if (size < lengthBytes) throw new CorruptFileError(file, `it has only ${size} bytes`);
    const length = Number(start.readBigUInt64LE());
    if (length > Math.min(size - lengthBytes, largestHeader)) {
      const reason = `its header claims ${length} bytes of a file of ${size} (truncated, or not safetensors?)`;
      throw new CorruptFileError(file, reason);
    }
    const text = textOf(readBytes(descriptor, lengthBytes, length), file);
    return {
      header: parseHeader(text, file),
      dataBytes: size - lengthBytes - length,
      entryCount: text.match(declaration)?.length ?? 0,
    };
  } finally {
    closeSync(descriptor);
  }
}

function readBytes(descriptor: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const read = readSync(descriptor, bytes, filled, length - filled, position + filled);
    if (read === 0) break; // the file shrank meanwhile: the rest stays zero and fails to parse
    filled += read;
  }
  return bytes;
}

/** What every entry has once, and metadata, whose values are texts, nowhere. */
const declaration = /"data_offsets"\s*:\s*\[/g;
const notJson = "its header is not a JSON object";

/** The format's own reader takes no mark before the bracket. */
function textOf(bytes: Buffer, file: string): string {
  if (bytes[0] !== "{".charCodeAt(0)) throw new CorruptFileError(file, notJson);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CorruptFileError(file, notJson, { cause });
  }
}

function parseHeader(text: string, file: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (cause) {
    throw new CorruptFileError(file, notJson, { cause });
  }
}
