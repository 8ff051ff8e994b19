/** Attributions of prompts as grids and tables, means with their intervals. */
import { bootstrapMean, createGrid, createTable } from "@mlxterp/results";
import { range } from "../shared/lists.js";
import type { Question } from "../shared/questions.js";
import type { RankedAttribution } from "./contributions.js";
import type { Finer } from "./direct-path.js";
import type { AttributionGrids, AttributionTables } from "./result.js";

export function attributionGrids(
  found: readonly RankedAttribution[],
  layers: number,
  heads: number,
): AttributionGrids {
  const prompt = range(found.length);
  const [layer, head] = [range(layers), range(heads)];
  const byHead = found.map((one) => one.heads.flat());
  const mlps = found.map((one) => [...one.mlps]);
  const rest = found.map((one) => [...one.attentionRest]);
  const shared = { unit: "logits", neutral: 0 } as const;
  return {
    heads: createGrid({ labels: { layer, head }, ...meansOf(byHead), ...shared }),
    mlps: createGrid({ labels: { layer }, ...meansOf(mlps), ...shared }),
    attentionRest: createGrid({ labels: { layer }, ...meansOf(rest), ...shared }),
    headsByPrompt: createGrid({
      labels: { prompt, layer, head },
      values: byHead.flat(),
      ...shared,
    }),
    mlpsByPrompt: createGrid({ labels: { prompt, layer }, values: mlps.flat(), ...shared }),
    attentionRestByPrompt: createGrid({
      labels: { prompt, layer },
      values: rest.flat(),
      ...shared,
    }),
  };
}

/** @param rows one for each prompt */
function meansOf(rows: readonly (readonly number[])[]) {
  const columns = rows[0].map((_, at) => rows.map((row) => row[at]));
  const values = columns.map(
    (column) => column.reduce((sum, value) => sum + value, 0) / column.length,
  );
  if (rows.length < 2) return { values };
  const intervals = columns.map((column) => bootstrapMean(column)!);
  return {
    values,
    low: Float64Array.from(intervals, ({ low }) => low),
    high: Float64Array.from(intervals, ({ high }) => high),
  };
}

export function attributionTables(
  found: readonly RankedAttribution[],
  fed: readonly Question[],
  by: readonly Finer[],
): AttributionTables {
  const rowsOf = <Row>(rows: (one: RankedAttribution) => readonly Row[]) =>
    found.flatMap((one, prompt) => rows(one).map((row) => ({ prompt, ...row })));
  return {
    ...(by.includes("neurons") && {
      neurons: createTable(["prompt", "layer", "expert", "neuron", "value"], rowsOf(({ finer }) => finer?.neurons ?? [])), // biome-ignore format: one table
    }),
    ...(by.includes("experts") && {
      experts: createTable(["prompt", "layer", "expert", "value"], rowsOf(({ finer }) => finer?.experts ?? [])), // biome-ignore format: one table
    }),
    ...(by.includes("sources") && {
      sources: createTable(
        ["prompt", "layer", "head", "position", "token", "value"],
        rowsOf(({ finer }) => finer?.sources ?? []).map((row) => ({ ...row, token: fed[row.prompt].pieces[row.position] })), // biome-ignore format: one row
      ),
    }),
    prompts: createTable(
      ["prompt", "total", "embedding", "normBias", "unembeddingRest", "answerRank"],
      found.map(({ total, embedding, normBias, unembeddingRest, rank }, prompt) => ({
        prompt,
        total,
        embedding,
        normBias,
        unembeddingRest,
        answerRank: rank,
      })),
    ),
  };
}
