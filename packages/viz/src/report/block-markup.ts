/** One block as HTML. */
import {
  type Block,
  type Cell,
  type TableBlock,
  type TokensBlock,
  visibleToken,
} from "@mlxterp/results";
import { textOn } from "../colours.js";
import { drawPicture } from "../draw/pictures.js";
import { scaleOf } from "../draw/scale.js";
import { escapeMarkup } from "../text.js";
import { attentionView } from "./attention-view.js";

/** @param depth of the heading around it */
export function blockMarkup(block: Block, depth = 2): string {
  if (block.only === "terminal") return "";
  switch (block.kind) {
    case "section": {
      const heading = `h${Math.min(6, depth + 1)}`;
      const inside = block.blocks.map((one) => blockMarkup(one, depth + 1)).join("");
      return `<${heading}>${escapeMarkup(block.title)}</${heading}>${inside}`;
    }
    case "text":
      return `<p${block.tone ? ` class="${block.tone}"` : ""}>${escapeMarkup(block.text)}</p>`;
    case "tokens":
      return tokensMarkup(block);
    case "table":
      return tableMarkup(block);
    case "attention":
      return attentionView(block);
    default:
      return `<figure><div class="scroll">${drawPicture(block)}</div></figure>`;
  }
}

function tokensMarkup({ label, pieces, values, scale }: TokensBlock): string {
  const colour = values && scale ? scaleOf(scale) : undefined;
  const spans = pieces.map((piece, index) => {
    const ground = colour && values ? String(colour.apply(values[index])) : undefined;
    const style = ground ? ` style="background:${ground};color:${textOn(ground)}"` : "";
    return `<span${style}>${escapeMarkup(visibleToken(piece))}</span>`;
  });
  const name = escapeMarkup(`${label} (${pieces.length})`);
  return `<div class="token-strip"><b>${name}</b> ${spans.join("")}</div>`;
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
  return `<div class="scroll"><table>${title}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function cellMarkup(cell: Cell, right: boolean): string {
  const { text, tone } = typeof cell === "string" ? { text: cell, tone: undefined } : cell;
  const classes = [...(right ? ["number"] : []), ...(tone ? [tone] : [])].join(" ");
  return `<td${classes ? ` class="${classes}"` : ""}>${escapeMarkup(text)}</td>`;
}
