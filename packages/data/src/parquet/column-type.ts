/** From the values of columns to the schema of a Parquet file. */
import type { SchemaElement } from "hyparquet-writer";
import { InvalidTableError } from "../errors.js";
import type { Column, Table } from "./table.js";

/** What one value of a column is, or one item of its lists. */
type Kind = "float" | "double" | "int32" | "int64" | "string" | "boolean";

/** The type of a column. */
export interface ColumnType {
  readonly name: string;
  readonly kind: Kind;
  readonly list: boolean;
  /** Whether values may be missing. */
  readonly nullable: boolean;
}

/** @throws InvalidTableError (`INVALID_TABLE`) for a column of several kinds of values */
export function columnTypes(table: Table): ColumnType[] {
  return Object.entries(table).map(([name, column]) => columnType(name, column));
}

function columnType(name: string, column: Column): ColumnType {
  const typed = arrayKind(column);
  if (typed) return { name, kind: typed, list: false, nullable: false };
  if (!Array.isArray(column)) {
    throw new InvalidTableError(name, column, "a column is a list, or an array of numbers.");
  }
  const values = (column as readonly unknown[]).filter(isPresent);
  const list = values.some(isList);
  const items = list ? values.flatMap((value) => itemKinds(name, value)) : values.map(kindOf);
  const kinds = new Set(items.filter(isPresent));
  const kind = [...kinds][0] ?? "double"; // nothing is known where every value is missing
  if (kinds.size <= 1 && (!list || values.every(isList))) {
    return { name, kind, list, nullable: true };
  }
  const found = list && kinds.size <= 1 ? "lists and single values" : [...kinds].join(" and ");
  throw new InvalidTableError(name, column, `a column holds one kind of values, not ${found}.`);
}

function itemKinds(name: string, value: unknown): (Kind | undefined)[] {
  const typed = arrayKind(value);
  if (typed) return [typed];
  if (!Array.isArray(value)) return [kindOf(value)];
  if (value.some(isList)) {
    throw new InvalidTableError(name, value, "a list holds single values, not lists. Flatten it.");
  }
  return value.filter(isPresent).map(kindOf);
}

function kindOf(value: unknown): Kind | undefined {
  const kinds = {
    number: "double",
    bigint: "int64",
    string: "string",
    boolean: "boolean",
  } as const;
  return kinds[typeof value as keyof typeof kinds];
}

function arrayKind(value: unknown): Kind | undefined {
  if (value instanceof Float32Array) return "float";
  if (value instanceof Float64Array) return "double";
  return value instanceof Int32Array ? "int32" : undefined;
}

function isPresent<T>(value: T): value is NonNullable<T> {
  return value !== null && value !== undefined;
}

function isList(value: unknown): boolean {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

const physical = {
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  int32: { type: "INT32" },
  int64: { type: "INT64" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
  boolean: { type: "BOOLEAN" },
} as const satisfies Record<Kind, Partial<SchemaElement>>;

/** The elements of the file's schema, in the three-level form of lists that the format asks for. */
export function schemaOf(types: readonly ColumnType[]): SchemaElement[] {
  const columns = types.flatMap(({ name, kind, list, nullable }): SchemaElement[] => {
    const repetition_type = nullable ? "OPTIONAL" : "REQUIRED";
    if (!list) return [{ name, repetition_type, ...physical[kind] }];
    return [
      { name, repetition_type, num_children: 1, converted_type: "LIST" },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", ...physical[kind] },
    ];
  });
  return [{ name: "root", num_children: types.length }, ...columns];
}
