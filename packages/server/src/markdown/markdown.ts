/** Blocks as Markdown within a budget of characters: what an agent reads of a result. */
import { type Block, type Cell, formatNumber, visibleToken } from "@mlxterp/results";
import { attentionText, barsText, graphText, gridText, linesText, titled } from "./numeric.js";
import { markdownTable } from "./tables.js";

/** @param most characters; what does not fit is left out, and counted */
export function markdownOf(blocks: readonly Block[], most: number): string {
  const parts = flat(blocks)
    .map(blockText)
    .filter((text) => text !== "");
  const kept: string[] = [];
  let room = most;
  for (const part of parts) {
    if (part.length > room) break;
    kept.push(part);
    room -= part.length + 2;
  }
  if (kept.length === 0 && parts.length > 0) kept.push(`${parts[0].slice(0, most)} …`);
  const missing = parts.length - kept.length;
  if (missing > 0)
    kept.push(
      `… ${missing} more parts did not fit; ask for less, such as fewer layers or positions.`,
    );
  return kept.join("\n\n");
}

/** Sections opened; what is for pages alone is left out. */
function flat(blocks: readonly Block[]): Block[] {
  return blocks.flatMap((block): Block[] => {
    if (block.only === "page") return [];
    if (block.kind !== "section") return [block];
    return [{ kind: "text", text: `## ${block.title}` }, ...flat(block.blocks)];
  });
}

function blockText(block: Block): string {
  switch (block.kind) {
    case "text":
      return block.text;
    case "tokens":
      return tokensText(block);
    case "table":
      return [...(block.caption ? [`**${block.caption}**\n`] : []), tableText(block)].join("\n");
    case "grid":
      return gridText(block);
    case "bars":
      return barsText(block);
    case "lines":
      return linesText(block);
    case "histogram":
      return histogramText(block);
    case "scatter":
      return scatterText(block);
    case "attention":
      return attentionText(block);
    case "graph":
      return graphText(block);
    case "section":
      return block.title; // opened before
  }
}

type Of<K extends Block["kind"]> = Extract<Block, { kind: K }>;

function tokensText({ label, pieces, values }: Of<"tokens">): string {
  const texts = pieces.map((piece, at) => {
    const value = values?.[at];
    return value === undefined
      ? visibleToken(piece)
      : `${visibleToken(piece)} (${formatNumber(value)})`;
  });
  return `${label}: ${texts.join(" · ")}`;
}

function tableText({ columns, rows }: Of<"table">): string {
  const header = columns.map(({ title }) => title);
  return markdownTable(
    header,
    rows.map((row) => row.map(cellOf)),
  );
}

function cellOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function histogramText({ title, subtitle, axis, edges, counts }: Of<"histogram">): string {
  const rows = counts.map((count, at) => [
    `${formatNumber(edges[at])} … ${formatNumber(edges[at + 1])}`,
    `${count}`,
  ]);
  return `${titled(title, subtitle)}\n\n${markdownTable([axis, "count"], rows)}`;
}

function scatterText({ title, subtitle, xTitle, yTitle, points }: Of<"scatter">): string {
  const rows = points.map(({ label, x, y }) => [label, formatNumber(x), formatNumber(y)]);
  return `${titled(title, subtitle)}\n\n${markdownTable(["", xTitle, yTitle], rows)}`;
}
