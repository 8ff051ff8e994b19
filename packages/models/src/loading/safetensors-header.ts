/** Reads and checks the header of a safetensors file before MLX sees it, so that damage is an error and never a crash. */
import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { z } from "zod";
import { CorruptCheckpointError } from "../errors.js";

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
};

const count = z.int().nonnegative();
const entry = z.object({
  dtype: z.enum(Object.keys(bytesByDtype)),
  shape: z.array(count),
  data_offsets: z.tuple([count, count]),
});

/** One tensor as the header declares it. */
export interface TensorEntry {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
}

const lengthBytes = 8;
const largestHeader = 100_000_000; // the limit of the format's own reader
const pointerMark = "version ";

/**
 * The tensors of a safetensors file, after everything the format promises has been checked.
 * Source: the format's description, github.com/huggingface/safetensors.
 *
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`)
 */
export function readSafetensorsHeader(file: string): TensorEntry[] {
  const { header, dataBytes } = readHeader(file);
  const spans: Span[] = [];
  const entries: TensorEntry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const parsed = entry.safeParse(value);
    if (!parsed.success) {
      throw new CorruptCheckpointError(file, `its entry for "${name}" is not a tensor`);
    }
    const { dtype, shape, data_offsets } = parsed.data;
    const [begin, end] = data_offsets;
    const bytes = shape.reduce((product, length) => product * length, bytesByDtype[dtype]);
    if (end - begin !== bytes) {
      throw new CorruptCheckpointError(
        file,
        `"${name}" takes ${end - begin} bytes, but [${shape.join(", ")}] of ${dtype} needs ${bytes}`,
      );
    }
    spans.push({ name, begin, end });
    entries.push({ name, dtype, shape, file });
  }
  checkSpans(spans, dataBytes, file);
  return entries;
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
    if (begin < covered)
      throw new CorruptCheckpointError(file, `"${name}" overlaps another tensor`);
    if (begin > covered) throw new CorruptCheckpointError(file, `there is a hole before "${name}"`);
    covered = end;
  }
  if (covered === dataBytes) return;
  const reason =
    covered > dataBytes
      ? `it ends ${covered - dataBytes} bytes early (truncated?)`
      : `${dataBytes - covered} bytes at its end belong to no tensor`;
  throw new CorruptCheckpointError(file, reason);
}

function readHeader(file: string): { header: Record<string, unknown>; dataBytes: number } {
  const descriptor = openSync(file, "r");
  try {
    const { size } = fstatSync(descriptor);
    const start = readBytes(descriptor, 0, Math.min(size, lengthBytes));
    if (start.toString("latin1") === pointerMark) {
      throw new CorruptCheckpointError(
        file,
        "it is a Git LFS pointer, not the data (git lfs pull)",
      );
    }
    if (size < lengthBytes) throw new CorruptCheckpointError(file, `it has only ${size} bytes`);
    const length = Number(start.readBigUInt64LE());
    if (length > Math.min(size - lengthBytes, largestHeader)) {
      throw new CorruptCheckpointError(
        file,
        `its header claims ${length} bytes of a file of ${size} (truncated, or not safetensors?)`,
      );
    }
    const text = readBytes(descriptor, lengthBytes, length).toString("utf8");
    return { header: parseHeader(text, file), dataBytes: size - lengthBytes - length };
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

function parseHeader(text: string, file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
  } catch (cause) {
    throw new CorruptCheckpointError(file, "its header is not a JSON object", { cause });
  }
}
