/** From the values of columns to the schema of a Parquet file. */
import { brief } from "@mlxterp/mlx";
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
  checkText(name, "its name", name);
  const typed = arrayKind(column);
  if (typed) return { name, kind: typed, list: false, nullable: false };
  if (!Array.isArray(column)) {
    throw new InvalidTableError(name, column, "a column is a list, or an array of numbers.");
  }
  const values = (column as readonly unknown[]).filter(isPresent);
  const list = values.some(isList);
  const items = list
    ? values.flatMap((value) => itemKinds(name, value))
    : values.map((value) => kindOf(name, value));
  const kinds = new Set(items);
  const kind = [...kinds][0] ?? "double"; // nothing is known where every value is missing
  if (kinds.size <= 1 && (!list || values.every(isList))) {
    return { name, kind, list, nullable: true };
  }
  const found = list && kinds.size <= 1 ? "lists and single values" : [...kinds].join(" and ");
  throw new InvalidTableError(name, column, `a column holds one kind of values, not ${found}.`);
}

function itemKinds(name: string, value: unknown): Kind[] {
  const typed = arrayKind(value);
  if (typed) return [typed];
  if (!isList(value)) return [kindOf(name, value)];
  const items: readonly unknown[] = Array.from(value);
  if (items.some(isList)) {
    throw new InvalidTableError(name, value, "a list holds single values, not lists. Flatten it.");
  }
  return items.filter(isPresent).map((item) => kindOf(name, item));
}

/** @throws InvalidTableError (`INVALID_TABLE`) for what the format cannot hold as it is */
function kindOf(name: string, value: unknown): Kind {
  if (typeof value === "number") return "double";
  if (typeof value === "boolean") return "boolean";
  if (typeof value === "string") {
    checkText(name, "it holds a text that", value);
    return "string";
  }
  if (typeof value !== "bigint") {
    const rule = `it holds ${brief(value)}, which has no column type. Write it as text, for example with JSON.stringify.`;
    throw new InvalidTableError(name, value, rule);
  }
  if (BigInt.asIntN(64, value) === value) return "int64";
  const rule = `it holds ${value}, which is beyond what 64 bits can hold. Write it as text.`;
  throw new InvalidTableError(name, value, rule);
}

/** Half a surrogate pair would become another character in the file. */
function checkText(name: string, what: string, text: string): void {
  if (!/\p{Surrogate}/u.test(text)) return;
  const rule = `${what} has half a surrogate pair, which UTF-8 cannot hold. Replace it: text.toWellFormed().`;
  throw new InvalidTableError(name, text, rule);
}

function arrayKind(value: unknown): Kind | undefined {
  if (value instanceof Float32Array) return "float";
  if (value instanceof Float64Array) return "double";
  return value instanceof Int32Array ? "int32" : undefined;
}

function isPresent<T>(value: T): value is NonNullable<T> {
  return value !== null && value !== undefined;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
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
