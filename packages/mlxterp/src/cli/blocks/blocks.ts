/** What a command shows, as the blocks that every result is made of; a terminal draws them when its width is known. */
import { type Block, section, type TableBlock, type Tone, text } from "@mlxterp/results";

/** A heading; what comes after it stands below. */
export function heading(title: string): Block {
  return section(title);
}

/** A sentence or paragraph, broken between words. */
export function paragraph(content: string, tone?: Tone): Block {
  return text(content, tone);
}

export function table(content: Omit<TableBlock, "kind">): Block {
  return { kind: "table", ...content };
}

/** The same block, for pages alone: a terminal shows these numbers in another way. */
export function onPage(block: Block): Block {
  return { ...block, only: "page" };
}
