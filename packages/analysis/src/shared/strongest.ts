/** What stands out in a list or a grid. */
import { formatCell, type GridBlock } from "@mlxterp/results";

/** The largest of a list, whatever their sign. */
export function strongestOf<T extends { readonly value: number }>(
  list: readonly T[],
  most: number,
): T[] {
  return [...list].sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, most);
}

interface Standing {
  /** How much a value stands out. Default: its size, whatever its sign. */
  readonly by?: (value: number) => number;
  /** The word by which a column's number is told, where names of columns come twice. */
  readonly column?: string;
}

/** The cell of a grid that stands out, in words. */
export function strongestCell(
  { values, rows, columns }: GridBlock,
  { by = Math.abs, column: word }: Standing = {},
): string {
  const cells = values.flatMap((line, row) =>
    line.map((value, column) => ({ value: value ?? 0, row, column })),
  );
  const best = cells.reduce((a, b) => (by(b.value) > by(a.value) ? b : a));
  const place = word ? ` (${word} ${best.column})` : "";
  return `Strongest: ${rows[best.row]}, ${columns[best.column]}${place}: ${formatCell(best.value)}.`;
}
