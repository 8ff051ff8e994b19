/** Blocks of numbers as tables: whole where they are small, else what stands out. */
import {
  type AttentionBlock,
  type BarsBlock,
  formatNumber,
  type GraphBlock,
  type GridBlock,
  type LinesBlock,
} from "@mlxterp/results";
import { markdownTable } from "./tables.js";

/** The largest grid that is shown whole. */
const wholeCells = 160;
const strongest = 20;

export function titled(title: string, subtitle: string | undefined): string {
  return subtitle ? `**${title}** – ${subtitle}` : `**${title}**`;
}

export function gridText(block: GridBlock): string {
  const { rows, columns, title, subtitle, legend } = block;
  const small = rows.length * columns.length <= wholeCells && columns.length <= 12;
  const body = small ? wholeGrid(block) : outstanding(block);
  return `${titled(title, subtitle)} (${legend})\n\n${body}`;
}

function wholeGrid({ rows, columns, values, cells, rowTitle, columnTitle }: GridBlock): string {
  const text = (row: number, column: number) => {
    const cell = cells?.[row]?.[column];
    if (cell !== undefined) return typeof cell === "string" ? cell : cell.text;
    return numberText(values[row][column]);
  };
  const lines = rows.map((label, row) => [label, ...columns.map((_, column) => text(row, column))]);
  return markdownTable([`${rowTitle} \\ ${columnTitle}`, ...columns], lines);
}

function outstanding({
  rows,
  columns,
  values,
  scale,
  rowTitle,
  columnTitle,
  legend,
}: GridBlock): string {
  const pivot = scale.kind === "diverging" ? scale.pivot : 0;
  const all = values.flatMap((line, row) =>
    line.flatMap((value, column) => (value === null ? [] : [{ row, column, value }])),
  );
  const far = ({ value }: { value: number }) => Math.abs(value - pivot);
  const first = all.sort((a, b) => far(b) - far(a)).slice(0, strongest);
  const lines = first.map(({ row, column, value }) => [
    rows[row],
    columns[column],
    numberText(value),
  ]);
  const what = `The ${first.length} strongest of ${all.length}:`;
  return `${what}\n\n${markdownTable([rowTitle, columnTitle, legend], lines)}`;
}

export function barsText({ title, subtitle, axis, bars }: BarsBlock): string {
  const lines = bars.map(({ label, value, low, high }) => [
    label,
    numberText(value),
    low === undefined || high === undefined ? "" : `${numberText(low)} … ${numberText(high)}`,
  ]);
  return `${titled(title, subtitle)}\n\n${markdownTable(["", axis, "interval"], lines)}`;
}

export function linesText({ title, subtitle, x, xTitle, lines }: LinesBlock): string {
  const rows = x.map((at, index) => [
    `${at}`,
    ...lines.map(({ values }) => numberText(values[index])),
  ]);
  const header = [xTitle, ...lines.map(({ label }) => label)];
  return `${titled(title, subtitle)}\n\n${markdownTable(header, rows)}`;
}

/** Which key each head looks at most, from the last token. */
export function attentionText({ pieces, patterns }: AttentionBlock): string {
  const { length } = pieces;
  const rows = patterns.map(({ layer, head, weights }) => {
    const last = [...weights.slice((length - 1) * length, length * length)];
    const most = last.indexOf(Math.max(...last));
    return [`L${layer}H${head}`, `${most} "${pieces[most]}"`, numberText(last[most])];
  });
  return `**Where each head looks from the last token**\n\n${markdownTable(["head", "key", "weight"], rows)}`;
}

export function graphText({ title, subtitle, nodes, edges }: GraphBlock): string {
  const names = new Map(nodes.map(({ id, label }) => [id, label]));
  const strong = [...edges].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const rows = strong
    .slice(0, strongest)
    .map(({ from, to, weight }) => [
      names.get(from) ?? from,
      names.get(to) ?? to,
      numberText(weight),
    ]);
  const what = `${nodes.length} nodes, ${edges.length} edges, the strongest:`;
  return `${titled(title, subtitle)}\n\n${what}\n\n${markdownTable(["from", "to", "weight"], rows)}`;
}

function numberText(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : formatNumber(value);
}
