/** Tables as Parquet files, which Python, DuckDB, Spark and the Hugging Face viewer read. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import {
  checkOptions,
  checkPath,
  checkPositiveInteger,
  checkRecord,
  checkText,
  InvalidArgumentError,
  isArray,
  removeDebris,
  temporaryName,
  withFiles,
} from "@mlxterp/mlx";
import type { ParquetWriter } from "hyparquet-writer";
import { InvalidTableError } from "../errors.js";
import { type ColumnType, columnTypes, schemaOf } from "./column-type.js";
import type { Column, Table } from "./table.js";

export interface WriteParquetOptions {
  /** Rows that are written, and can be read, at once; default 10,000. */
  readonly rowGroupRows?: number;
  /** Noted in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a table. Given as parts, only one of them is held at a time. The file appears whole or not at all;
 * missing folders are made.
 *
 * @param table columns of one length; or parts of a table, with the same columns, from which the first fixes the types
 * @throws InvalidTableError (`INVALID_TABLE`) with the column that has no or another type or length; IncompleteWriteError
 * (`INCOMPLETE_WRITE`) on a full disk; FileAccessError (`FILE_ACCESS`); InvalidArgumentError (`INVALID_ARGUMENT`) for
 * metadata that is no text
 * @example
 * await writeParquet("lens.parquet", { token: ["Once", " upon"], rank: Int32Array.of(3, 0), logits: [[1.5, 2], [0.5, 1]] });
 */
export async function writeParquet(
  path: string,
  table: Table | AsyncIterable<Table> | Iterable<Table>,
  options: WriteParquetOptions = {},
): Promise<void> {
  checkOptions<WriteParquetOptions>("writeParquet", options, {
    rowGroupRows: checkPositiveInteger,
    metadata: checkMetadata,
  });
  checkPath("path", path);
  if (isArray(table)) {
    const rule = "must hold named columns, not an array. Name it: { values: toFlat(array) }.";
    throw new InvalidArgumentError("table", table, rule);
  }
  if (!isParts(table)) checkRecord("table", table);
  await withFiles(path, () => writeBeside(path, isParts(table) ? table : [table], options));
}

/** The format has texts only; the writer would put anything else into a file that nobody can read. */
function checkMetadata(argument: string, metadata: unknown): void {
  checkRecord(argument, metadata);
  for (const [key, value] of Object.entries(metadata as object)) {
    checkText(`${argument}.${key}`, value);
  }
}

/** Under a name of its own, so that of two writers each writes a whole file, and the last one's stays. */
async function writeBeside(path: string, parts: Parts, options: WriteParquetOptions) {
  mkdirSync(dirname(path), { recursive: true });
  removeDebris(path);
  const { name, giveBack } = temporaryName(path);
  try {
    await writeParts(name, parts, options);
    force(name);
    renameSync(name, path);
  } finally {
    rmSync(name, { force: true });
    giveBack();
  }
}

type Parts = AsyncIterable<Table> | Iterable<Table>;

function isParts(table: Table | Parts): table is Parts {
  if (typeof table !== "object" || table === null) return false;
  return Symbol.asyncIterator in table || Symbol.iterator in table;
}

async function writeParts(file: string, parts: Parts, options: WriteParquetOptions): Promise<void> {
  const { rowGroupRows: rowGroupSize = 10_000, metadata = {} } = options;
  const kvMetadata = Object.entries(metadata).map(([key, value]) => ({ key, value }));
  const writing = await import("hyparquet-writer"); // not with this package: few programs write Parquet
  let types: ColumnType[] | undefined;
  let output: ParquetWriter | undefined;
  for await (const part of parts) {
    checkRecord("a part of the table", part);
    types ??= fixedTypes(part);
    output ??= new writing.ParquetWriter({
      writer: writing.fileWriter(file),
      schema: schemaOf(types),
      kvMetadata,
    });
    const columnData = columnsOf(part, types);
    if (columnData[0].data.length > 0) await output.write({ columnData, rowGroupSize });
  }
  if (!output) throw new InvalidTableError("", undefined, "a table has at least one part.");
  await output.finish();
}

function fixedTypes(table: Table): ColumnType[] {
  const types = columnTypes(table);
  if (types.length > 0) return types;
  throw new InvalidTableError("", table, "a table has at least one column.");
}

/** Compression, dictionaries and statistics of vectors would cost more than they save. */
const asTheyAre = { encoding: "PLAIN", codec: "UNCOMPRESSED", statistics: false } as const;

/** A part's columns in the order of the file, after a check that they are what the file promises. */
function columnsOf(part: Table, types: readonly ColumnType[]) {
  const own = new Map(columnTypes(part).map((type) => [type.name, type]));
  const length = part[types[0].name]?.length;
  for (const name of own.keys()) {
    if (types.some((type) => type.name === name)) continue;
    throw new InvalidTableError(name, part[name], "the first part has no column of this name.");
  }
  return types.map((type) => {
    const column = part[type.name];
    checkColumn(type, own.get(type.name), column, length);
    const vector = type.list && (type.kind === "float" || type.kind === "double");
    return { name: type.name, data: plain(column), ...(vector && asTheyAre) };
  });
}

function checkColumn(
  type: ColumnType,
  own: ColumnType | undefined,
  column: Column,
  length: number,
): void {
  const { name, kind, list } = type;
  if (!own) throw new InvalidTableError(name, undefined, "a part of the table lacks it.");
  if (column.length !== length) {
    const rule = `it has ${column.length} values where the first column has ${length}.`;
    throw new InvalidTableError(name, column, rule);
  }
  const empty = own.nullable && type.nullable && !Array.from(column).some((value) => value != null);
  if (empty || (own.kind === kind && own.list === list && own.nullable === type.nullable)) return;
  const words = ({ kind, list }: ColumnType) => (list ? `lists of ${kind}` : kind);
  const rule = `it holds ${words(own)}, where the first part has ${words(type)}.`;
  throw new InvalidTableError(name, column, rule);
}

/** The writer takes lists as plain arrays only. */
function plain(column: Column): unknown[] | Float32Array | Float64Array | Int32Array {
  if (ArrayBuffer.isView(column)) return column as Float32Array;
  return column.map((value) =>
    ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value,
  );
}

function force(file: string): void {
  const descriptor = openSync(file, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
