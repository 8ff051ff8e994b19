/** One self-contained HTML page from blocks: it knows no method. */
import type { Block } from "@mlxterp/results";
import { packBlocks } from "../packed/pack-blocks.js";
import { escapeMarkup } from "../text.js";
import { blocksMarkup } from "./block-markup.js";
import { pageScript, pageScriptHash } from "./page-script.js";
import { stylesheet } from "./stylesheet.js";

/** What is on a page. */
export interface Report {
  readonly title: string;
  /** Under the title. */
  readonly summary?: string;
  readonly blocks: readonly Block[];
  /** Where the numbers come from: any JSON-able data, such as the `provenance` of the results. */
  readonly provenance?: unknown;
  /** What makes the page again, such as `mlxterp lens 'Mary and John'`. */
  readonly command?: string;
}

/** A part of the page; the first has no heading unless the blocks begin with one. */
interface Part {
  readonly title: string | undefined;
  readonly blocks: Block[];
}

/** The page, with what draws at hand. */
export function reportPage({ title, summary, blocks, provenance, command }: Report): string {
  const parts = partsOf(blocks);
  const ids = parts.map((_, index) => `section-${index + 1}`);
  const body = [
    `<header><h1>${escapeMarkup(title)}</h1>${summary ? `<p>${escapeMarkup(summary)}</p>` : ""}`,
    command === undefined ? "" : commandMarkup(command),
    themeChoice,
    "</header>",
    contents(parts, ids),
    `<main>${parts.map((part, index) => partMarkup(part, ids[index])).join("")}</main>`,
    provenance === undefined ? "" : provenanceMarkup(provenance),
    `<script>${pageScript}</script>`,
  ];
  return [
    `<!doctype html><html lang="en"><head><meta charset="utf-8">`,
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width, initial-scale=1">`,
    `<title>${escapeMarkup(title)}</title><style>${stylesheet}</style></head>`,
    `<body>${body.join("")}</body></html>\n`,
  ].join("\n");
}

/** Nothing may be loaded, and only the script of this page runs. */
const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${pageScriptHash}'`;

/** Without the script it would choose nothing. */
const themeChoice = `<label class="theme" hidden>design <select id="mi-theme"><option value="auto">as the system</option><option value="light">light</option><option value="dark">dark</option></select></label>`;

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

function contents(parts: readonly Part[], ids: readonly string[]): string {
  if (parts.length < 3) return "";
  const items = parts.flatMap(({ title }, index) =>
    title === undefined ? [] : [`<li><a href="#${ids[index]}">${escapeMarkup(title)}</a></li>`],
  );
  return `<nav aria-label="Contents"><ol>${items.join("")}</ol></nav>`;
}

/** What is read without a script, and beside it the data that it draws from. */
function partMarkup({ title, blocks }: Part, id: string): string {
  const head = title === undefined ? "" : `<h2>${escapeMarkup(title)}</h2>`;
  const still = blocksMarkup(blocks);
  const data = `<script type="application/json">${packBlocks(blocks)}</script>`;
  return `<section id="${id}">${head}<div data-mi-part="still">${still}</div>${data}</section>`;
}

function commandMarkup(command: string): string {
  return `<p class="command"><code>${escapeMarkup(command)}</code></p>`;
}

function provenanceMarkup(provenance: unknown): string {
  const json = escapeMarkup(JSON.stringify(provenance, null, 2));
  return `<footer><details><summary>Provenance</summary><pre tabindex="0">${json}</pre></details></footer>`;
}
