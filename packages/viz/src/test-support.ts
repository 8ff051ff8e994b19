/** For tests: small results by hand, and SVG read back. */
import type {
  AttentionResult,
  LensResult,
  PatchingResult,
  ResultProvenance,
} from "@mlxterp/analysis";
import { parseHTML } from "linkedom";

/** Tokens that try to break out of markup. */
export const hostile = [
  "<script>alert(1)</script>",
  " & \"quoted\" 'text'",
  "]]></svg>",
  "\n\u0000\t",
];

const provenance: ResultProvenance = {
  method: "test",
  model: "none",
  edits: [],
  device: "cpu",
  versions: { "@mlxterp/analysis": "0.0.0", node: "20" },
};

function tokens(pieces: readonly string[]) {
  return { ids: pieces.map((_, id) => id), pieces };
}

/** Embedding and two layers over the given tokens; each cell predicts the next token. */
export function lensResult(pieces: readonly string[], followed?: string): LensResult {
  const cell = (position: number, depth: number) => ({
    top: [
      { id: 1, text: pieces[(position + 1) % pieces.length], logit: 2, probability: 0.3 * depth },
    ],
    entropy: 1.5,
    ...(followed !== undefined && { answer: { logit: 1, probability: 0.9, rank: 4 } }),
  });
  return {
    prompt: tokens(pieces),
    positions: pieces.map((_, position) => position),
    rows: [null, 0, 1].map((layer, depth) => ({
      site: layer === null ? "layers.0.input" : `layers.${layer}`,
      layer,
      cells: pieces.map((_, position) => cell(position, depth)),
    })),
    ...(followed !== undefined && { answer: { id: 7, text: followed } }),
    provenance,
  };
}

/** Two layers of the residual stream over positions, and of three heads. */
export function patchingResult(pieces: readonly string[]): PatchingResult {
  const normalized = [0, 1].map((layer) =>
    pieces.map((_, position) => 0.5 * layer - 0.1 * position),
  );
  const byHead = [
    [0, 0.2, -0.004],
    [1.4, 0, 0],
  ];
  const columns = pieces.map((_, position) => ({ position, head: null }));
  const heads = [0, 1, 2].map((head) => ({ position: null, head }));
  const [token, other] = [tokens(pieces), tokens([...pieces.slice(1), "other"])];
  const baseline = { clean: 4, corrupted: -3 };
  return {
    direction: "denoising",
    metric: "logitDifference",
    baseline,
    pairs: [{ clean: token, corrupted: other, answer: { id: 1, text: " A" }, baseline }],
    matrices: [
      {
        kind: "residual",
        site: "layers.*.input",
        layers: [0, 1],
        columns,
        raw: normalized,
        normalized,
        perPair: [],
      },
      {
        kind: "head",
        site: "layers.*.selfAttn.z",
        layers: [0, 1],
        columns: heads,
        raw: byHead,
        normalized: byHead,
        perPair: [],
      },
    ],
    provenance,
  };
}

/** Uniform causal attention of two heads. */
export function attentionResult(pieces: readonly string[]): AttentionResult {
  const size = pieces.length;
  const weights = Float32Array.from({ length: size * size }, (_, at) => {
    const [query, key] = [Math.floor(at / size), at % size];
    return key <= query ? 1 / (query + 1) : 0;
  });
  const patterns = [0, 1].map((head) => ({ layer: 3, head, weights }));
  return { prompt: tokens(pieces), patterns, provenance };
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
