/** One self-contained HTML page from blocks: it knows no method. */
import type { Block, SectionBlock } from "@mlxterp/results";
import { escapeMarkup } from "../text.js";
import { attentionScript, attentionScriptHash } from "./attention-view.js";
import { blockMarkup } from "./block-markup.js";
import { stylesheet } from "./stylesheet.js";

/** What is on a page. */
export interface Report {
  readonly title: string;
  /** Under the title. */
  readonly summary?: string;
  readonly blocks: readonly Block[];
  /** Where the numbers come from: any JSON-able data, such as the `provenance` of the results. */
  readonly provenance?: unknown;
}

/** A part of the page; the first has no heading unless the blocks begin with one. */
interface Part {
  readonly title: string | undefined;
  readonly blocks: Block[];
}

/** The page, with what draws at hand. */
export function reportPage({ title, summary, blocks, provenance }: Report): string {
  const parts = partsOf(blocks);
  const script = parts.some((part) => hasAttention(part.blocks)) ? attentionScript : "";
  const ids = parts.map((_, index) => `section-${index + 1}`);
  const body = [
    `<header><h1>${escapeMarkup(title)}</h1>${summary ? `<p>${escapeMarkup(summary)}</p>` : ""}</header>`,
    contents(parts, ids),
    `<main>${parts.map((part, index) => partMarkup(part, ids[index])).join("")}</main>`,
    provenance === undefined ? "" : provenanceMarkup(provenance),
    script ? `<script>${script}</script>` : "",
  ];
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy(script)}">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>${escapeMarkup(title)}</title><style>${stylesheet}</style></head>`,
    `<body>${body.join("")}</body></html>\n`,
  ].join("\n");
}

/** Sections of the top, each with the blocks that come after it. */
function partsOf(blocks: readonly Block[]): Part[] {
  const parts: Part[] = [];
  for (const block of blocks.filter(({ only }) => only !== "terminal")) {
    if (block.kind === "section") parts.push({ title: block.title, blocks: [...block.blocks] });
    else if (parts.length > 0) parts[parts.length - 1].blocks.push(block);
    else parts.push({ title: undefined, blocks: [block] });
  }
  return parts;
}

function hasAttention(blocks: readonly Block[]): boolean {
  const inside = (block: SectionBlock) => hasAttention(block.blocks);
  return blocks.some((block) =>
    block.kind === "section" ? inside(block) : block.kind === "attention",
  );
}

/** Nothing may be loaded, and only the script of this page runs. */
function policy(script: string): string {
  const scripts = script ? `'sha256-${attentionScriptHash}'` : "'none'";
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${scripts}`;
}

function contents(parts: readonly Part[], ids: readonly string[]): string {
  if (parts.length < 3) return "";
  const items = parts.flatMap(({ title }, index) =>
    title === undefined ? [] : [`<li><a href="#${ids[index]}">${escapeMarkup(title)}</a></li>`],
  );
  return `<nav aria-label="Contents"><ol>${items.join("")}</ol></nav>`;
}

function partMarkup({ title, blocks }: Part, id: string): string {
  const head = title === undefined ? "" : `<h2>${escapeMarkup(title)}</h2>`;
  return `<section id="${id}">${head}${blocks.map((block) => blockMarkup(block)).join("")}</section>`;
}

function provenanceMarkup(provenance: unknown): string {
  const json = escapeMarkup(JSON.stringify(provenance, null, 2));
  return `<footer><details><summary>Provenance</summary><pre>${json}</pre></details></footer>`;
}
