/** Rows of a table in the order of a column. */
import type { Cell } from "@mlxterp/results";
import { textOf } from "./heat-layout.js";

export interface Order {
  readonly column: number;
  readonly descending: boolean;
}

/**
 * Numbers by size where a column is of numbers, whatever stands behind them (`55.0 %`, `3 (12 %)`), other texts by
 * alphabet; what is empty comes last. Equal rows keep their order.
 */
export function sortedRows(
  rows: readonly (readonly Cell[])[],
  { column, descending }: Order,
): readonly (readonly Cell[])[] {
  const texts = rows.map((row) => textOf(row[column] ?? ""));
  const numbers = texts.map(numberIn);
  const numeric = texts.every((text, index) => text === "" || numbers[index] !== undefined);
  const sign = descending ? -1 : 1;
  const order = rows.map((_, index) => index);
  order.sort((a, b) => {
    if (texts[a] === "" || texts[b] === "")
      return Number(texts[a] === "") - Number(texts[b] === "");
    const difference = numeric ? (numbers[a] ?? 0) - (numbers[b] ?? 0) : texts[a].localeCompare(texts[b], "en", { numeric: true }); // biome-ignore format: one choice
    return sign * difference;
  });
  return order.map((index) => rows[index]);
}

/** The number that a text begins with. */
function numberIn(text: string): number | undefined {
  const found = text
    .replaceAll("−", "-")
    .replace(/^[<>] /, "")
    .match(/^-?(∞|\d[\d,]*(\.\d+)?(e-?\d+)?)/);
  if (!found) return undefined;
  return found[0].includes("∞") ? (found[0].startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : Number(found[0].replaceAll(",", "")); // biome-ignore format: one choice
}
