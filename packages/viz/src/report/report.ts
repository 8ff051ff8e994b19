/** One self-contained HTML page of text, tables and figures. */
import { createHash } from "node:crypto";
import type { AttentionResult } from "@mlxterp/analysis";
import { escapeMarkup, formatNumber } from "../text.js";
import { attentionScript, attentionView } from "./attention-view.js";
import { stylesheet } from "./stylesheet.js";

/** A table of texts and numbers. */
export interface ReportTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly caption?: string;
}

/** A figure with a line of text below it. */
export interface ReportFigure {
  /** An SVG document, as the figure functions return it. */
  readonly svg: string;
  readonly caption?: string;
}

/** One part of a report; what is there is shown in this order. */
export interface ReportSection {
  readonly heading: string;
  /** A paragraph, or several. */
  readonly text?: string | readonly string[];
  readonly table?: ReportTable;
  readonly figures?: readonly (string | ReportFigure)[];
  /** Patterns to look through, with a choice of layer and head. */
  readonly attention?: AttentionResult;
}

export interface Report {
  readonly title: string;
  /** Under the title. */
  readonly summary?: string;
  readonly sections: readonly ReportSection[];
  /** Where the numbers come from: any JSON-able data, such as the `provenance` of the results. */
  readonly provenance?: unknown;
}

/**
 * A page that needs no other file and no network: style, script and pictures are in it, and its own policy forbids to
 * load anything. Every text is escaped. Light or dark as the reader's system is set.
 *
 * @returns an HTML document
 * @throws TypeError for a figure that is not an SVG document, or that could run code
 * @example
 * const html = htmlReport({
 *   title: "Who gets the ball?",
 *   sections: [{ heading: "Logit lens", figures: [lensFigure(lens)] }],
 *   provenance: lens.provenance,
 * });
 */
export function htmlReport({ title, summary, sections, provenance }: Report): string {
  const script = sections.some(({ attention }) => attention) ? attentionScript : "";
  const ids = sections.map((_, index) => `section-${index + 1}`);
  const body = [
    `<header><h1>${escapeMarkup(title)}</h1>${summary ? `<p>${escapeMarkup(summary)}</p>` : ""}</header>`,
    sections.length > 2 ? contents(sections, ids) : "",
    `<main>${sections.map((section, index) => sectionMarkup(section, ids[index])).join("")}</main>`,
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

/** Nothing may be loaded, and only the script of this page runs. */
function policy(script: string): string {
  const hash = createHash("sha256").update(script).digest("base64");
  const scripts = script ? `'sha256-${hash}'` : "'none'";
  return `default-src 'none'; style-src 'unsafe-inline'; script-src ${scripts}`;
}

function contents(sections: readonly ReportSection[], ids: readonly string[]): string {
  const items = sections.map(
    ({ heading }, index) => `<li><a href="#${ids[index]}">${escapeMarkup(heading)}</a></li>`,
  );
  return `<nav aria-label="Contents"><ol>${items.join("")}</ol></nav>`;
}

function sectionMarkup(section: ReportSection, id: string): string {
  const { heading, text = [], table, figures = [], attention } = section;
  const paragraphs = [text].flat().map((paragraph) => `<p>${escapeMarkup(paragraph)}</p>`);
  return [
    `<section id="${id}"><h2>${escapeMarkup(heading)}</h2>`,
    ...paragraphs,
    table ? tableMarkup(table) : "",
    ...figures.map((figure) => figureMarkup(typeof figure === "string" ? { svg: figure } : figure)),
    attention ? attentionView(attention) : "",
    "</section>",
  ].join("");
}

function figureMarkup({ svg, caption }: ReportFigure): string {
  const drawing = svg.replace(/^<\?xml[^>]*>\s*/, "").trim();
  if (!/^<svg[\s>]/.test(drawing) || !drawing.endsWith("</svg>")) {
    throw new TypeError(
      `A figure must be an SVG document, but this one begins with ${JSON.stringify(svg.slice(0, 40))}.`,
    );
  }
  if (/<(script|foreignObject|iframe)\b|\son\w+\s*=|javascript:/i.test(withoutText(drawing))) {
    throw new TypeError("A figure must not hold scripts or event handlers; draw it without them.");
  }
  const below = caption ? `<figcaption>${escapeMarkup(caption)}</figcaption>` : "";
  return `<figure><div class="scroll">${drawing}</div>${below}</figure>`;
}

/** The tags alone: texts between them are escaped, and tokens may say anything. */
function withoutText(markup: string): string {
  return markup.replace(/>[^<]*</g, "><").replace(/"[^"]*"/g, (value) => value.replace(/\s/g, "_"));
}

function tableMarkup({ columns, rows, caption }: ReportTable): string {
  const head = columns.map((column) => `<th scope="col">${escapeMarkup(column)}</th>`).join("");
  const cellOf = (value: string | number) =>
    typeof value === "number"
      ? `<td class="number">${formatNumber(value)}</td>`
      : `<td>${escapeMarkup(value)}</td>`;
  const body = rows.map((row) => `<tr>${row.map(cellOf).join("")}</tr>`).join("");
  const title = caption ? `<caption>${escapeMarkup(caption)}</caption>` : "";
  return `<div class="scroll"><table>${title}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function provenanceMarkup(provenance: unknown): string {
  const json = escapeMarkup(JSON.stringify(provenance, null, 2));
  return `<footer><details><summary>Provenance</summary><pre>${json}</pre></details></footer>`;
}
