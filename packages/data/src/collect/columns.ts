/** What a dataset has beside its prompts, such as labels, as columns beside their rows. */
import { brief, fromFlat, InvalidArgumentError, isRecord, type MxArray } from "@mlxterp/mlx";
import { type DatasetItem, type LabelledPrompt, promptOf } from "../dataset/dataset.js";
import { InvalidSequenceError } from "../errors.js";
import type { ChosenRows } from "./rows.js";

/** How a column's numbers are kept. */
export type ColumnType = "int32" | "float32";

/** The columns of a collection, by their names. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

/** A column's name among those of sites, none of which begins with this sign. */
const columnKey = (name: string): string => `#${name}`;
export const isColumn = (key: string): boolean => key.startsWith("#");

const reserved = ["sequence", "position", "token"];

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkColumns(argument: string, value: unknown): void {
  if (!isRecord(value)) {
    throw new InvalidArgumentError(
      argument,
      value,
      `must name types, such as { label: "int32" }, not ${brief(value)}.`,
    );
  }
  for (const [name, type] of Object.entries(value)) {
    if (name === "" || reserved.includes(name) || name.startsWith("#")) {
      const rule = `"${name}" is no name for a column; every row has ${reserved.join(", ")} already.`;
      throw new InvalidArgumentError(argument, name, rule);
    }
    if (type === "int32" || type === "float32") continue;
    throw new InvalidArgumentError(
      argument,
      type,
      `"${name}" must be "int32" or "float32", not ${brief(type)}.`,
    );
  }
}

/**
 * The columns of the chosen rows: a prompt's own number for each of its rows, or one for each of its tokens.
 *
 * @param lengths tokens of each prompt
 * @param first the number of the batch's first prompt in the dataset
 * @returns (rows) for each column, under its key
 * @throws InvalidSequenceError (`INVALID_SEQUENCE`) for a prompt without a column, or one that was not asked for
 */
export function columnsOf(
  items: readonly DatasetItem[],
  types: ColumnTypes,
  { inBatch, origins }: ChosenRows,
  lengths: readonly number[],
  first: number,
): Record<string, MxArray> {
  for (const [index, item] of items.entries()) refuseOthers(item, types, first + index);
  const columns = Object.entries(types).map(([name, type]): [string, MxArray] => {
    const given = items.map((item, index) =>
      numbersOf(item, name, type, { length: lengths[index], sequence: first + index }),
    );
    const numbers = Array.from(inBatch, (row, index) => {
      const values = given[row];
      return typeof values === "number" ? values : values[origins.position[index]];
    });
    const flat = type === "int32" ? Int32Array.from(numbers) : Float32Array.from(numbers);
    return [columnKey(name), fromFlat(flat, [numbers.length])];
  });
  return Object.fromEntries(columns);
}

function refuseOthers(item: DatasetItem, types: ColumnTypes, sequence: number): void {
  const extra = Object.keys(columnsGiven(item) ?? {}).find((name) => !Object.hasOwn(types, name));
  if (extra === undefined) return;
  const way = `name it: { columns: { ${extra}: "int32" } }`;
  throw new InvalidSequenceError(
    sequence,
    `it has a column "${extra}" that was not asked for; ${way}.`,
  );
}

function columnsGiven(item: DatasetItem): LabelledPrompt["columns"] | undefined {
  return promptOf(item) === item ? undefined : (item as LabelledPrompt).columns;
}

interface Place {
  readonly length: number;
  readonly sequence: number;
}

function numbersOf(
  item: DatasetItem,
  name: string,
  type: ColumnType,
  { length, sequence }: Place,
): number | ArrayLike<number> {
  const value = columnsGiven(item)?.[name];
  const fits = (number: unknown) =>
    typeof number === "number" &&
    (type === "int32" ? number === (number | 0) : Number.isFinite(Math.fround(number)));
  if (typeof value === "number" && fits(value)) return value;
  const list =
    typeof value === "object" && value !== null ? Array.from(value as ArrayLike<unknown>) : [];
  if (list.length === length && list.every(fits)) return list as number[];
  const what =
    value === undefined
      ? "nothing"
      : list.length > 0 && list.length !== length
        ? `${list.length} numbers`
        : brief(value);
  const reason = `its column "${name}" needs one ${type} number, or one for each of its ${length} tokens, and has ${what}.`;
  throw new InvalidSequenceError(sequence, reason);
}
