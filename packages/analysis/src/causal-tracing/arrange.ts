/** What a trace found as grids and tables. */
import { createGrid, createTable, type Grid } from "@mlxterp/results";
import { mean } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { positionLabels } from "../shared/prompts.js";
import type { TracingGrids, TracingTables } from "./result.js";
import type { TracedPrompt } from "./trace-prompt.js";

export function tracingGrids(
  model: AnalysisModel,
  ids: readonly number[],
  { clean, noised, kinds }: TracedPrompt,
): TracingGrids {
  const grids: Record<string, Grid> = {};
  for (const { kind, layers, tokens, scores } of kinds) {
    const labels = { layer: layers, token: positionLabels(model, ids, tokens) };
    const means = scores.map(mean);
    const margins = scores.map(marginOf);
    const low = Float64Array.from(means, (value, at) => value - margins[at]);
    const high = Float64Array.from(means, (value, at) => value + margins[at]);
    const effects = means.map((value) => (value - noised) / (clean - noised) + 0);
    const interval = scores[0].length > 1 ? { low, high } : {};
    grids[kind] = createGrid({ labels, values: effects, unit: "effect", neutral: 0 });
    grids[`${kind}Metric`] = createGrid({ labels, values: means, unit: "metric", ...interval });
  }
  return grids;
}

/** 1.96 standard errors of a mean over draws. */
function marginOf(scores: readonly number[]): number {
  const middle = mean(scores);
  const squares = scores.reduce((sum, score) => sum + (score - middle) ** 2, 0);
  return 1.96 * Math.sqrt(squares / (scores.length - 1) / scores.length);
}

interface Baselines {
  readonly name: string;
  readonly clean: number;
  readonly noised: number;
  readonly deviation: number;
}

export function tracingTables({
  name,
  clean,
  noised,
  deviation,
}: Baselines): Pick<TracingTables, "baselines"> {
  const row = { metric: name, clean, noised, deviation };
  return { baselines: createTable(["metric", "clean", "noised", "deviation"], [row]) };
}
