/** `mlxterp lens`: what the model would predict after every layer, at every position. */
import type { LensCell, LensResult } from "@mlxterp/analysis";
import { type Block, figure, heading, table } from "../blocks.js";
import { defineCommand, promptOptions } from "../command.js";
import { formatPercent } from "../numbers.js";
import { integer, text } from "../options.js";
import { answerFor, requirePrompt, tokensBlock } from "../prompt.js";
import type { Cell } from "../table.js";
import { visibleToken } from "../text.js";

export const lens = defineCommand({
  name: "lens",
  summary: "Logit lens: what would be predicted after every layer, at every position",
  takesPrompt: true,
  options: {
    ...promptOptions,
    top: integer("tokens listed at the last position; default 5", { minimum: 1 }),
    answer: text("a token whose rank is followed through the layers", "token"),
  },
  examples: [
    "'Mary and John went to the park . John gave a ball to' --answer Mary",
    "'Once upon a time' --model Xenova/llama2.c-stories15M --top 3",
  ],
  async run({ options, prompt }, context) {
    const asked = requirePrompt({ ...options, prompt });
    const model = await context.loadModel();
    const { logitLens } = await import("@mlxterp/analysis");
    const { top = 5, answer } = options;
    const bar = context.progress("lens");
    const result = await logitLens(model, context.promptFor(model, asked), {
      topK: top,
      signal: context.signal,
      onProgress: bar.update,
      ...(answer !== undefined && { answer: answerFor(model, answer, asked) }),
    }).finally(bar.stop);
    const blocks = lensBlocks(result);
    return {
      data: result,
      blocks,
      report: { title: `Logit lens of ${model.name}`, blocks, provenance: result.provenance },
    };
  },
});

/** A grid of the most likely tokens, and the last position in detail. */
function lensBlocks(result: LensResult): Block[] {
  const { pieces } = result.prompt;
  return [
    tokensBlock(pieces),
    heading("The most likely next token at each position, by layer"),
    lensGrid(result),
    figure(async () => (await import("@mlxterp/viz")).lensFigure(result)),
    heading(`At the last position, after "${visibleToken(pieces[pieces.length - 1])}"`),
    lastPosition(result),
  ];
}

function rowName(layer: number | null): string {
  return layer === null ? "embedding" : `layer ${layer}`;
}

function lensGrid({ rows, prompt, positions, answer }: LensResult): Block {
  return table({
    columns: [
      { title: "after" },
      ...positions.map((position) => ({ title: visibleToken(prompt.pieces[position]) })),
    ],
    rows: rows.map(({ layer, cells }) => [
      rowName(layer),
      ...cells.map((cell) => gridCell(cell, answer?.id)),
    ]),
    unit: "positions",
    screenOnly: true,
    widest: 12,
  });
}

function gridCell({ top: [best] }: LensCell, answer: number | undefined): Cell {
  const text = visibleToken(best.text);
  if (best.id === answer) return { text, style: ["bold", "green"] };
  return best.probability < 0.3 ? { text, style: "dim" } : text;
}

function lastPosition({ rows, answer }: LensResult): Block {
  const count = rows[0].cells[0].top.length;
  const ranks = Array.from({ length: count }, (_, rank) => ({ title: `${rank + 1}` }));
  const followed = answer
    ? [{ title: `rank of ${visibleToken(answer.text)}`, align: "right" as const }]
    : [];
  return table({
    columns: [{ title: "after" }, ...followed, ...ranks],
    rows: rows.map(({ layer, cells }) => {
      const cell = cells[cells.length - 1];
      const rank = cell.answer
        ? [`${cell.answer.rank} (${formatPercent(cell.answer.probability)})`]
        : [];
      const tokens = cell.top.map(
        ({ text, probability }) => `${visibleToken(text)} ${formatPercent(probability)}`,
      );
      return [rowName(layer), ...rank, ...tokens];
    }),
    fixed: 1 + followed.length,
    unit: "ranks",
  });
}
