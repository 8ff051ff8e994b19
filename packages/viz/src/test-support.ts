/** For tests: blocks by hand, and SVG read back. */
import {
  type AttentionBlock,
  divergingAround,
  type GridBlock,
  visibleToken,
} from "@mlxterp/results";
import { parseHTML } from "linkedom";

/** Tokens that try to break out of markup. */
export const hostile = [
  "<script>alert(1)</script>",
  " & \"quoted\" 'text'",
  "]]></svg>",
  "\n\u0000\t",
];

/** Embedding and two layers over the given tokens; each cell holds the next token. */
export function wordGrid(pieces: readonly string[], followed?: string): GridBlock {
  const depths = [0, 1, 2];
  const next = (position: number) => visibleToken(pieces[(position + 1) % pieces.length]);
  return {
    kind: "grid",
    title: "What each layer would predict",
    rowTitle: "after",
    columnTitle: "at",
    rows: ["embedding", "layer 0", "layer 1"],
    columns: pieces.map(visibleToken),
    values: depths.map((depth) => pieces.map(() => (followed ? 0.9 : 0.3 * depth))),
    cells: depths.map(() => pieces.map((_, position) => next(position))),
    details: depths.map(() => pieces.map((_, position) => `${next(position)}\nentropy 1.5 nats`)),
    scale: { kind: "sequential", domain: [0, 1] },
    legend: followed ? `probability of ${visibleToken(followed)}` : "probability",
  };
}

/** Two layers over positions: effects with a sign. */
export function effectGrid(pieces: readonly string[]): GridBlock {
  const values = [0, 1].map((layer) => pieces.map((_, position) => 0.5 * layer - 0.1 * position));
  return numberGrid(values, pieces.map(visibleToken));
}

/** Numbers with a sign, in layers. */
export function numberGrid(
  values: readonly (readonly number[])[],
  columns: readonly string[] = values[0].map((_, head) => `head ${head}`),
  neutral = 0,
): GridBlock {
  return {
    kind: "grid",
    title: "Effects",
    subtitle: "4 clean, −3 corrupted",
    rowTitle: "",
    columnTitle: "",
    rows: values.map((_, layer) => `layer ${layer}`),
    columns,
    values,
    scale: divergingAround(values.flat(), neutral),
    legend: "effect",
  };
}

/** Uniform attention of two heads. */
export function attentionBlock(pieces: readonly string[], causal = true): AttentionBlock {
  const size = pieces.length;
  const weights = Float32Array.from({ length: size * size }, (_, at) => {
    const [query, key] = [Math.floor(at / size), at % size];
    if (!causal) return 1 / size;
    return key <= query ? 1 / (query + 1) : 0;
  });
  const patterns = [0, 1].map((head) => ({ layer: 3, head, weights }));
  return { kind: "attention", pieces, causal, patterns };
}

/** The parsed document of an SVG or HTML text. */
export function parse(markup: string) {
  return parseHTML(markup.startsWith("<svg") ? `<html><body>${markup}</body></html>` : markup)
    .document;
}

/** The texts of all elements of a name. */
export function textsOf(markup: string, selector: string): string[] {
  return [...parse(markup).querySelectorAll(selector)].map((element) => element.textContent ?? "");
}

/** The cells of a heat map: rectangles that say what they are when pointed at. */
export function cellTitles(markup: string): string[] {
  return textsOf(markup, "rect > title");
}

/** What is wrong with a text as XML: tags that do not match, or bare special characters. */
export function xmlFault(markup: string): string | undefined {
  const open: string[] = [];
  const tags = /<(\/?)([A-Za-z][\w:-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g;
  let end = 0;
  for (const match of markup.matchAll(tags)) {
    const between = markup.slice(end, match.index);
    if (/[<>]|&(?!\w+;|#\d+;)/.test(between)) return `bare character in ${between}`;
    end = match.index + match[0].length;
    if (match[4]) continue;
    if (!match[1]) open.push(match[2]);
    else if (open.pop() !== match[2]) return `unmatched ${match[0]}`;
  }
  return open.length > 0 ? `never closed: ${open.join(", ")}` : undefined;
}
