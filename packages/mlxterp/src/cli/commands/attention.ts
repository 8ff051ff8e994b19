/** `mlxterp attention`: where each head looks, and what kind of head that makes it. */
import type { AttentionResult, HeadPattern, HeadScores, HeadTypesResult } from "@mlxterp/analysis";
import { type Block, heading, heatMap, paragraph, table } from "../blocks.js";
import { defineCommand, promptOptions } from "../command.js";
import { formatShort } from "../numbers.js";
import { integer } from "../options.js";
import { promptFor, requirePrompt, tokensBlock } from "../prompt.js";
import type { Cell } from "../table.js";
import { visibleToken } from "../text.js";

export const attention = defineCommand({
  name: "attention",
  summary: "Attention: where each head looks, and head types on repeated random tokens",
  takesPrompt: true,
  options: {
    ...promptOptions,
    layer: integer("draw the patterns of this layer; negative from the last"),
    head: integer("draw the patterns of this head; negative from the last"),
    seed: integer("of the random tokens for head types; default 0", { minimum: 0 }),
  },
  examples: [
    "'Mary and John went to the park . John gave a ball to'",
    "--layer 2 --head 1",
    "--tokens 2,0,1,1,0,2 --model ./sort-gpt2",
  ],
  async run({ options, prompt }, context) {
    const asked = requirePrompt({ ...options, prompt });
    const model = await context.loadModel(options.model);
    const { attentionPatterns, headTypes } = await import("@mlxterp/analysis");
    const { layer, head, seed } = options;
    const patterns = await attentionPatterns(model, promptFor(model, asked), {
      ...(layer !== undefined && { layers: [layer] }),
      ...(head !== undefined && { heads: [head] }),
      signal: context.signal,
    });
    const bar = context.progress("head types");
    const control = { signal: context.signal, onProgress: bar.update };
    const types = await headTypes(model, { seed, ...control }).finally(bar.stop);
    const drawn = layer !== undefined || head !== undefined;
    const blocks = attentionBlocks(patterns, types, drawn);
    return {
      data: { patterns, types },
      blocks,
      report: { title: `Attention of ${model.name}`, blocks, provenance: types.provenance },
    };
  },
});

/** The names of head kinds in words. */
export const kindNames = {
  induction: "induction",
  previousToken: "previous token",
  duplicateToken: "duplicate token",
  currentToken: "current token",
  firstToken: "first token",
} as const satisfies Record<keyof HeadScores["scores"], string>;

type Kind = keyof typeof kindNames;

function attentionBlocks(result: AttentionResult, types: HeadTypesResult, drawn: boolean): Block[] {
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
  { heads, threshold }: HeadTypesResult,
  labels: readonly string[],
): Block {
  const kinds = Object.keys(kindNames) as Kind[];
  return table({
    columns: [
      { title: "head" },
      { title: "type" },
      ...kinds.map((kind) => ({
        title: kindNames[kind].replace(" token", ""),
        align: "right" as const,
      })),
      { title: `${labels[labels.length - 1]} looks at` },
    ],
    rows: patterns.map((pattern) => {
      const found = heads.find(
        ({ layer, head }) => layer === pattern.layer && head === pattern.head,
      ) as HeadScores;
      return [
        `${pattern.layer}.${pattern.head}`,
        found.type ? kindNames[found.type] : "",
        ...kinds.map((kind): Cell => scoreCell(found.scores[kind], threshold)),
        lastLooksAt(pattern, labels),
      ];
    }),
    fixed: 2,
    widest: 34,
  });
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
    .map(({ weight, key }) => `${labels[key]} ${formatShort(weight)}`)
    .join(", ");
}
