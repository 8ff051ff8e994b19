/** Attention and head types, for terminals and pages. */
import type { AttentionResult, HeadKind, HeadPattern, HeadTypesResult } from "@mlxterp/analysis";
import { type Block, heading, heatMap, paragraph, table } from "./blocks.js";
import { formatShort } from "./numbers.js";
import { tokensBlock } from "./prompt.js";
import type { Cell } from "./table.js";
import { visibleToken } from "./text.js";

/** The names of head kinds in words. */
const kindNames = {
  induction: "induction",
  previousToken: "previous token",
  duplicateToken: "duplicate token",
  currentToken: "current token",
  firstToken: "first token",
} as const satisfies Record<HeadKind, string>;

const kinds = Object.keys(kindNames) as (keyof typeof kindNames)[];

/** Drawn patterns, and every head with its scores and where the last token looks. */
export function attentionBlocks(
  result: AttentionResult,
  types: HeadTypesResult,
  drawn: boolean,
): Block[] {
  const { prompt, patterns } = result;
  const labels = prompt.pieces.map(visibleToken);
  const pictures = patterns.flatMap((pattern) => [
    heading(`Layer ${pattern.layer}, head ${pattern.head}: each row looks at the columns`),
    heatMap({ labels, values: rowsOf(pattern, labels.length) }),
  ]);
  const copies = types.prompts[0].ids.length;
  return [
    tokensBlock(prompt.pieces),
    ...(drawn ? pictures : []),
    heading("Heads"),
    { kind: "attention", result },
    headTable(patterns, types, labels),
    paragraph(
      `Scores are shares of attention on ${types.prompts.length} random sequences of ${copies} tokens, repeated once; a head has a type from ${formatShort(types.threshold)} up. The last column is about the prompt.`,
      "dim",
    ),
  ];
}

function rowsOf({ weights }: HeadPattern, tokens: number): number[][] {
  return Array.from({ length: tokens }, (_, query) => [
    ...weights.subarray(query * tokens, query * tokens + query + 1), // later keys are masked
  ]);
}

function headTable(
  patterns: readonly HeadPattern[],
  types: HeadTypesResult,
  labels: readonly string[],
): Block {
  const scores = kinds.map((kind) => {
    return { title: kindNames[kind].replace(" token", ""), align: "right" as const };
  });
  return table({
    columns: [
      { title: "head" },
      { title: "type" },
      ...scores,
      { title: `${labels[labels.length - 1]} looks at` },
    ],
    rows: patterns.map((pattern) => headRow(pattern, types, labels)),
    fixed: 2,
    widest: 50,
  });
}

function headRow(
  pattern: HeadPattern,
  { heads, threshold }: HeadTypesResult,
  labels: readonly string[],
): Cell[] {
  const { layer, head } = pattern;
  const found = heads.find((one) => one.layer === layer && one.head === head);
  return [
    `${layer}.${head}`,
    found?.type ? kindNames[found.type] : "",
    ...kinds.map((kind) => scoreCell(found?.scores[kind] ?? 0, threshold)),
    lastLooksAt(pattern, labels),
  ];
}

function scoreCell(score: number, threshold: number): Cell {
  const text = formatShort(score);
  if (score >= threshold) return { text, style: ["bold", "green"] };
  return score < 0.1 ? { text, style: "dim" } : text;
}

/** The three keys with the largest weights for the last query. */
function lastLooksAt({ weights }: HeadPattern, labels: readonly string[]): string {
  const size = labels.length;
  return [...weights.subarray((size - 1) * size)]
    .map((weight, key) => ({ weight, key }))
    .sort((a, b) => b.weight - a.weight)
    .slice(0, 3)
    .map(({ weight, key }) => `${labels[key]} (${key}) ${formatShort(weight)}`)
    .join(", ");
}
