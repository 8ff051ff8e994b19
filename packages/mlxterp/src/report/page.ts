/** From the blocks of a command to one self-contained page. */
import { htmlReport, type ReportSection, type ReportTable } from "@mlxterp/viz";
import type { Block } from "../cli/blocks.js";
import { cellText, type TableBlock } from "../cli/table.js";

/** What a command would put on a page. */
export interface PageContent {
  readonly title: string;
  /** Under the title. */
  readonly summary?: string;
  readonly blocks: readonly Block[];
  /** Where the numbers come from. */
  readonly provenance?: unknown;
}

/** A section while it is filled. */
interface OpenSection {
  readonly heading: string;
  readonly text: string[];
  table?: ReportTable;
  readonly figures: string[];
  attention?: ReportSection["attention"];
}

/**
 * One HTML page. A heading begins a section; what comes before the first one, usually the tokens, has its own.
 *
 * @returns an HTML document that loads nothing
 */
export async function reportPage(content: PageContent): Promise<string> {
  const { title, summary, blocks, provenance } = content;
  const sections: OpenSection[] = [];
  const open = (heading: string): OpenSection => {
    const section = { heading, text: [], figures: [] };
    sections.push(section);
    return section;
  };
  for (const block of blocks) {
    const current = sections.at(-1) ?? open("What was fed");
    if (block.kind === "heading") open(block.text);
    else await add(block, current);
  }
  return htmlReport({ title, summary, sections: sections.filter(isFilled), provenance });
}

async function add(block: Exclude<Block, { kind: "heading" }>, section: OpenSection) {
  switch (block.kind) {
    case "text":
      section.text.push(block.text);
      break;
    case "table":
      if (!block.screenOnly) section.table = tableOf(block);
      break;
    case "figure":
      section.figures.push(await block.draw());
      break;
    case "attention":
      section.attention = block.result;
      break;
    case "heatMap": // the page's attention view shows the same with more than five shades
      break;
  }
}

function tableOf({ columns, rows }: TableBlock): ReportTable {
  return {
    columns: columns.map(({ title }) => title),
    rows: rows.map((row) => row.map(cellText)),
  };
}

function isFilled({ text, table, figures, attention }: OpenSection): boolean {
  return text.length + figures.length > 0 || table !== undefined || attention !== undefined;
}
