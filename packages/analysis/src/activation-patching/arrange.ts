/** Outcomes of pairs as grids with labels, and baselines as a table. */
import { createGrid, createTable, type Grid, type Label } from "@mlxterp/results";
import type { NextToken } from "../patching/next-tokens.js";
import { boundsOf, effectMargins, meanMargins } from "../shared/effect-margins.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { positionLabels, textOf } from "../shared/prompts.js";
import { averageEffects, meanBaseline } from "./effects.js";
import type { PairOutcome } from "./pairs.js";
import type { MatrixPlan } from "./plan.js";
import type { PatchBaseline, PatchDirection, PatchingGrids, PatchingTables } from "./result.js";

export function arrangeGrids(
  model: AnalysisModel,
  plans: readonly MatrixPlan[],
  outcomes: readonly PairOutcome[],
  pairs: readonly PromptPair[],
  direction: PatchDirection,
): PatchingGrids {
  const baselines = outcomes.map((outcome) => outcome.baseline);
  const baseline = meanBaseline(baselines);
  const ends = {
    from: baselines.map((one) => one.corrupted),
    to: baselines.map((one) => one.clean),
  };
  const neutral = direction === "denoising" ? 0 : 1;
  const grids: Record<string, Grid> = {};
  for (const [index, plan] of plans.entries()) {
    const labels = labelsOf(model, plan, pairs);
    const perPair = outcomes.map(({ effects }) => effects[index]);
    const { raw, normalized } = averageEffects(perPair, baseline);
    const pair = pairs.map((_, number) => number);
    const scores = perPair.map((effect) => effect.raw.flat());
    const byPair = scores.flat();
    const metric = { unit: "metric" } as const;
    const [effects, means] = [normalized.flat(), raw.flat()];
    const near = boundsOf(effects, effectMargins(scores, ends));
    grids[plan.kind] = createGrid({ labels, values: effects, ...near, unit: "effect", neutral });
    grids[`${plan.kind}Metric`] = createGrid({ labels, values: means, ...boundsOf(means, meanMargins(scores)), ...metric }); // biome-ignore format: one call
    grids[`${plan.kind}ByPair`] = createGrid({
      labels: { pair, ...labels },
      values: byPair,
      ...metric,
    });
    Object.assign(grids, nextGrids(plan.kind, outcomes.map(({ next }) => next?.[index]), { pair, ...labels })); // biome-ignore format: one call
  }
  return grids;
}

/** What each cell says next, and how likely that is. */
function nextGrids(
  kind: string,
  perPair: readonly (readonly NextToken[] | undefined)[],
  labels: Record<string, readonly Label[]>,
): Record<string, Grid> {
  const cells = perPair.flatMap((own) => own ?? []);
  if (perPair.includes(undefined)) return {};
  const probabilities = cells.map(({ probability }) => probability);
  return {
    [`${kind}Next`]: createGrid({ labels, values: cells.map(({ id }) => id), unit: "token" }),
    [`${kind}NextProbability`]: createGrid({ labels, values: probabilities, unit: "probability" }),
  };
}

/** What is said after both prompts as they are, and the texts of all tokens that are said. */
export function nextTables(
  model: AnalysisModel,
  outcomes: readonly PairOutcome[],
): Pick<PatchingTables, "said" | "tokens"> {
  const all = outcomes.flatMap(({ said, next = [] }) => [...said, ...next.flat()]);
  const ids = [...new Set(all.map(({ id }) => id))].sort((a, b) => a - b);
  const texts = textOf(model, ids);
  const rows = outcomes.flatMap(({ said }, pair) =>
    said.map((one, at) => ({ pair, prompt: at === 0 ? "clean" : "corrupted", ...one })),
  );
  return {
    said: createTable(["pair", "prompt", "id", "probability"], rows),
    tokens: createTable(
      ["id", "text"],
      ids.map((id, index) => ({ id, text: texts[index] })),
    ),
  };
}

/** Of several pairs a position is only its number: their tokens differ. */
function labelsOf(
  model: AnalysisModel,
  { unit, layers, columns }: MatrixPlan,
  pairs: readonly PromptPair[],
): Record<string, readonly Label[]> {
  const positions = [...new Set(columns.map(({ position }) => position))];
  const tokens = positionLabels(model, pairs[0].clean.ids);
  const position = positions.map((at): Label => {
    if (at === null) return "all";
    return pairs.length > 1 ? at : tokens[at];
  });
  if (unit === undefined) return { layer: layers, position };
  return { layer: layers, [unit]: [...new Set(columns.map((column) => column.unit!))], position };
}

export function baselineTable(
  metric: string,
  baselines: readonly PatchBaseline[],
): PatchingTables["baselines"] {
  return createTable(
    ["pair", "metric", "clean", "corrupted"],
    baselines.map(({ clean, corrupted }, pair) => ({ pair, metric, clean, corrupted })),
  );
}
