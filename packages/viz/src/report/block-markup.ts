/** One block as HTML that needs no script. */
import type { Block, Cell, TableBlock } from "@mlxterp/results";
import { lookOf } from "../design/look.js";
import { type PictureBlock, pictureOf } from "../draw/pictures.js";
import { foldStrips, foldTitle, isFold } from "../folds/fold-strips.js";
import { documentOf } from "../frame.js";
import { escapeMarkup } from "../text.js";

/** Cells of a picture beyond which it is left to the script, and to other files. */
const most = 6000;
/** Patterns of attention that are drawn still. */
const mostPatterns = 8;

const look = lookOf();

/** Blocks one after the other; many strips of tokens are folded. */
export function blocksMarkup(blocks: readonly Block[], depth = 2): string {
  const parts = foldStrips(blocks).map((one) => {
    if (!isFold(one)) return blockMarkup(one, depth);
    const inside = one.map((strip) => blockMarkup(strip, depth)).join("");
    return `<details><summary>${escapeMarkup(foldTitle(one))}</summary>${inside}</details>`;
  });
  return parts.join("");
}

/** @param depth of the heading around it */
function blockMarkup(block: Block, depth = 2): string {
  if (block.only === "terminal") return "";
  switch (block.kind) {
    case "section": {
      const heading = `h${Math.min(6, depth + 1)}`;
      const inside = blocksMarkup(block.blocks, depth + 1);
      return `<${heading}>${escapeMarkup(block.title)}</${heading}>${inside}`;
    }
    case "text":
      return `<p${block.tone ? ` class="${block.tone}"` : ""}>${escapeMarkup(block.text)}</p>`;
    case "table":
      return tableMarkup(block);
    default:
      return pictureMarkup(block);
  }
}

function pictureMarkup(block: Exclude<PictureBlock, { kind: "text" | "table" }>): string {
  const cells = cellsOf(block);
  if (cells > most)
    return `<p class="quiet">A picture of ${cells} parts, which needs JavaScript.</p>`;
  const shown = block.kind === "attention" ? { ...block, patterns: firstPatterns(block) } : block;
  const left = block.kind === "attention" ? block.patterns.length - mostPatterns : 0;
  const more = left > 0 ? `<p class="quiet">${left} more heads need JavaScript.</p>` : "";
  const svg = documentOf(pictureOf(shown, look), look);
  return `<figure class="still"><div class="scroll" tabindex="0">${svg}</div></figure>${more}`;
}

type Attention = Extract<Block, { kind: "attention" }>;

/** The head that is opened, and the first of the others. */
function firstPatterns({ patterns, open }: Attention): Attention["patterns"] {
  const opened = patterns.filter(({ layer, head }) => layer === open?.layer && head === open.head);
  return [...opened, ...patterns.filter((one) => !opened.includes(one))].slice(0, mostPatterns);
}

function cellsOf(block: PictureBlock): number {
  switch (block.kind) {
    case "grid":
      return block.rows.length * block.columns.length;
    case "attention":
      return Math.min(mostPatterns, block.patterns.length) * block.pieces.length ** 2;
    case "graph":
      return block.nodes.length + block.edges.length;
    case "scatter":
      return block.points.length;
    case "tokens":
      return block.pieces.length;
    default:
      return 0;
  }
}

function tableMarkup({ columns, rows, caption }: TableBlock): string {
  const right = columns.map(({ align }) => align === "right");
  const head = columns
    .map(
      ({ title }, at) =>
        `<th scope="col"${right[at] ? ' class="number"' : ""}>${escapeMarkup(title)}</th>`,
    )
    .join("");
  const body = rows
    .map((row) => `<tr>${row.map((cell, at) => cellMarkup(cell, right[at])).join("")}</tr>`)
    .join("");
  const title = caption ? `<caption>${escapeMarkup(caption)}</caption>` : "";
  return `<div class="scroll" tabindex="0"><table>${title}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function cellMarkup(cell: Cell, right: boolean): string {
  const { text, tone } = typeof cell === "string" ? { text: cell, tone: undefined } : cell;
  const classes = [...(right ? ["number"] : []), ...(tone ? [tone] : [])].join(" ");
  return `<td${classes ? ` class="${classes}"` : ""}>${escapeMarkup(text)}</td>`;
}
