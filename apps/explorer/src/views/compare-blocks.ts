/** Two runs of a method as one picture: what the second has more than the first, cell by cell. */
import { type Block, divergingAround, formatNumber, type GridBlock, text } from "@mlxterp/results";
import type { Answered } from "../api/api.js";

/** A heat map for each pair of heat maps that show the same places; a sentence where there is none. */
export function differencesOf(first: readonly Answered[], second: readonly Answered[]): Block[] {
  const [before, after] = [gridsOf(first), gridsOf(second)];
  const blocks = before.flatMap((grid, at) => {
    const other = after[at];
    return other && areAlike(grid, other) ? [difference(grid, other)] : [];
  });
  if (blocks.length > 0) return blocks;
  return [
    text("These runs have no heat maps of the same places; they stand beside each other below."),
  ];
}

function gridsOf(answered: readonly Answered[]): GridBlock[] {
  const inside = (block: Block): GridBlock[] => {
    if (block.kind === "section") return block.blocks.flatMap(inside);
    return block.kind === "grid" ? [block] : [];
  };
  return answered.flatMap(({ blocks }) => blocks.flatMap(inside));
}

function areAlike(one: GridBlock, other: GridBlock): boolean {
  return (
    one.title === other.title &&
    one.rows.join("\n") === other.rows.join("\n") &&
    one.columns.length === other.columns.length
  );
}

function difference(before: GridBlock, after: GridBlock): GridBlock {
  const values = after.values.map((row, y) =>
    row.map((value, x) => {
      const was = before.values[y][x];
      return value === null || was === null ? null : value - was;
    }),
  );
  const { cells: _, details: __, alternatives: ___, ...shared } = after;
  const columns = after.columns.map((column, at) =>
    column === before.columns[at] ? column : `${before.columns[at]}/${column}`,
  );
  return {
    ...shared,
    columns,
    subtitle: "the second run less the first",
    values,
    details: values.map((row) => row.map((value) => (value === null ? "" : formatNumber(value)))),
    scale: divergingAround(values.flat(), 0),
    legend: `change of ${after.legend}`,
  };
}
