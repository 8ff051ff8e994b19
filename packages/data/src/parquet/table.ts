/** Tables as columns, and from rows of objects to columns. */
import { checkIterable, checkRecord, InvalidArgumentError, isArray } from "@mlxterp/mlx";
import { InvalidTableError } from "../errors.js";

type Cell = string | number | boolean | bigint | null | undefined;
type NumberArray = Float32Array | Float64Array | Int32Array;

/**
 * The values of a column. Typed arrays keep their type (float, double, int32); plain numbers become doubles, bigints
 * int64. A value may be a list, of one kind of values; `null` and `undefined` are missing values.
 */
export type Column = NumberArray | readonly (Cell | readonly Cell[] | NumberArray)[];

/** Columns of one length by name. */
export type Table = Readonly<Record<string, Column>>;

/**
 * A table of rows of objects, such as the entries of a result. Objects inside become columns with dotted names; whole
 * numbers up to 2^31 become int32, if the column misses none.
 *
 * @param rows their keys need not be the same: what a row lacks is a missing value
 * @throws InvalidTableError (`INVALID_TABLE`) for a value that is neither a number, text, truth value or list of them, and
 * for objects that contain themselves; InvalidArgumentError (`INVALID_ARGUMENT`) for what is no list of objects
 * @example
 * const heads = headScores(await headTypes(model));
 * await writeParquet("heads.parquet", tableOf(heads.map(({ layer, head, scores }) => ({ layer, head, ...scores }))));
 */
export function tableOf(rows: Iterable<object>): Table {
  checkIterable("rows", rows);
  if (isArray(rows)) throw new InvalidArgumentError("rows", rows, "must be objects, not numbers.");
  const columns = new Map<string, unknown[]>();
  let count = 0;
  for (const row of rows) {
    checkRecord(`rows[${count}]`, row);
    for (const [name, value] of flattened(row, "")) {
      const column = columns.get(name) ?? [];
      columns.set(name, column);
      while (column.length < count) column.push(null); // rows before that lacked it
      column.push(value);
    }
    count++;
  }
  for (const column of columns.values()) while (column.length < count) column.push(null);
  return Object.fromEntries([...columns].map(([name, values]) => [name, narrowed(name, values)]));
}

/** Objects that contain themselves have no end of columns. */
const deepest = 64;

function* flattened(
  row: object,
  prefix: string,
  depth = 1,
): Generator<[name: string, value: unknown]> {
  if (depth > deepest) {
    const rule = `its objects are nested deeper than ${deepest}, or contain themselves. Name the fields that are meant.`;
    throw new InvalidTableError(prefix.slice(0, prefix.indexOf(".")), row, rule);
  }
  for (const [key, value] of Object.entries(row)) {
    if (isPlainObject(value)) yield* flattened(value, `${prefix}${key}.`, depth + 1);
    else yield [`${prefix}${key}`, value];
  }
}

function isPlainObject(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isNumberArray(value: unknown): boolean {
  return (
    value instanceof Float32Array || value instanceof Float64Array || value instanceof Int32Array
  );
}

function narrowed(name: string, values: unknown[]): Column {
  for (const value of values) checkCell(name, value);
  const whole = values.every((value) => Number.isInteger(value) && value === (Number(value) | 0));
  return whole ? Int32Array.from(values as number[]) : (values as Column);
}

function checkCell(name: string, value: unknown, inList = false): void {
  if (value === null || value === undefined) return;
  if (["string", "number", "boolean", "bigint"].includes(typeof value)) return;
  if (!inList && isNumberArray(value)) return;
  if (!inList && Array.isArray(value)) {
    for (const item of value) checkCell(name, item, true);
    return;
  }
  const kind = (value as object).constructor?.name ?? typeof value;
  const rule = `it holds ${inList ? `a list with a ${kind}` : `a ${kind}`}, which has no column type. Write it as text, for example with JSON.stringify.`;
  throw new InvalidTableError(name, value, rule);
}
