/** Scores before and after as tables, and how sure one can be of the change. */
import { bootstrapMean, createTable, type Note } from "@mlxterp/results";
import { mean } from "../shared/lists.js";
import type { AblationTables } from "./result.js";

export function scoreTables(
  metric: string,
  baseline: readonly number[],
  ablated: readonly number[],
): AblationTables {
  const changes = baseline.map((score, prompt) => ablated[prompt] - score);
  const estimate = bootstrapMean(changes);
  const rows = baseline.map((score, prompt) => ({
    prompt,
    baseline: score,
    ablated: ablated[prompt],
  }));
  const means = { baseline: mean(baseline), ablated: mean(ablated) };
  const change = {
    metric,
    ...means,
    value: means.ablated - means.baseline,
    low: estimate?.low ?? null,
    high: estimate?.high ?? null,
  };
  return {
    scores: createTable(["prompt", "baseline", "ablated"], rows),
    change: createTable(["metric", "baseline", "ablated", "value", "low", "high"], [change]),
  };
}

export function intervalNotes(prompts: number): Note[] {
  if (prompts > 1) return [];
  return [{ code: "ONE_PROMPT", text: "one prompt: there is no interval, and others may differ." }];
}
