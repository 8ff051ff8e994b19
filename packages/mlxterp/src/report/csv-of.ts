/** What a command found, as one table of comma-separated values. */
import { type Block, type Cell, type Result, resultsToCsv, rowsToCsv } from "@mlxterp/results";

/**
 * The numbers of results in full; of a command that has none, the tables that it shows.
 *
 * @param data what the command found
 */
export function csvOf(data: unknown, blocks: readonly Block[]): string {
  const list = [data].flat();
  if (list.length > 0 && list.every(isResult)) return resultsToCsv(list);
  return rowsToCsv(blocks.flatMap((block) => rowsIn(block)));
}

function isResult(value: unknown): value is Result {
  const { grids, tables } = (value ?? {}) as Partial<Result>;
  return typeof grids === "object" && typeof tables === "object";
}

const textOf = (cell: Cell) => (typeof cell === "string" ? cell : cell.text);

/** Every row of every table, each with what it stands under. */
function rowsIn(block: Block, under = ""): Record<string, string>[] {
  if (block.kind === "section") return block.blocks.flatMap((one) => rowsIn(one, block.title));
  if (block.kind === "tokens") {
    return block.pieces.map((token, position) => ({ part: block.label, position: `${position}`, token })); // biome-ignore format: one row
  }
  if (block.kind !== "table") return [];
  const part = block.caption ?? under;
  return block.rows.map((row) => ({
    ...(part && { part }),
    ...Object.fromEntries(row.map((cell, at) => [block.columns[at].title, textOf(cell)])),
  }));
}
