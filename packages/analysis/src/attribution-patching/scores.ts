/** What a patch would change, by the slope of the metric at what it replaces. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { patchSite } from "../activation-patching/plan.js";
import type { PatchKind } from "../activation-patching/result.js";
import { judgePairs, type PairBaseline } from "../shared/baselines.js";
import type { Metric } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import type { AskedAttribution } from "./options.js";
import { relevanceRules } from "./relevance.js";

/** Of one pair: for each kind (layer, position), or (layer, head, position), row by row. */
export interface PairScores {
  readonly baseline: PairBaseline;
  readonly byKind: Readonly<Record<string, Float64Array>>;
}

type Asked = Pick<AskedAttribution, "direction" | "rule" | "positions"> & {
  readonly kinds: readonly PatchKind[];
};

/** @param numbers of pairs of one length */
export async function scoreBatch(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  numbers: readonly number[],
  metric: Metric,
  { kinds, direction, rule, positions }: Asked,
): Promise<PairScores[]> {
  const { layers } = model.anatomy;
  const last = `layers.${layers - 1}`;
  const save = [...kinds.map((kind) => patchSite(kind, "*")), last];
  const prompts = (side: "clean" | "corrupted") => numbers.map((number) => pairs[number][side].ids);
  const [from, into] = direction === "denoising" ? (["clean", "corrupted"] as const) : (["corrupted", "clean"] as const); // biome-ignore format: two sides
  const source = await model.run(prompts(from), { save });
  const base = await model.run(prompts(into), { save });
  const [clean, corrupted] = direction === "denoising" ? [source, base] : [base, source];
  const streams = [clean.get(last), corrupted.get(last)] as const;
  const { metricOf, baselines } = await judgePairs(model, pairs, numbers, metric, streams);
  const judge = metricOf(numbers.map((_, row) => row));
  const { gradients } = await model.gradients(
    prompts(into),
    (output) => mx.sum(judge(output.index(mx.Slice(), -1))),
    { save: save.slice(0, -1), ...(rule === "relp" && { interventions: relevanceRules(model) }) },
  );
  const found = kinds.map((kind) => {
    const each = Array.from({ length: layers }, (_, layer) => {
      const site = patchSite(kind, layer);
      const change = mx.subtract(source.get(site), base.get(site));
      return effect(mx.multiply(change, gradients.get(site)).astype(mx.float32), kind, positions);
    });
    return mx.stack(each, 1); // (pair, layer, [head], position)
  });
  await evaluate(found);
  return numbers.map((_, row) => ({
    baseline: baselines[row],
    byKind: Object.fromEntries(kinds.map((kind, at) => [kind, rowOf(found[at], row)])),
  }));
}

/** (pair, position, [head], width) → (pair, [head], position) */
function effect(product: MxArray, kind: PatchKind, positions: "each" | "all"): MxArray {
  const summed = mx.sum(product, -1);
  const ordered = kind === "head" ? summed.transpose(0, 2, 1) : summed;
  return positions === "all" ? mx.sum(ordered, -1, true) : ordered;
}

function rowOf(x: MxArray, row: number): Float64Array {
  const size = x.size / x.shape[0];
  return Float64Array.from(toFlat(x).subarray(row * size, (row + 1) * size));
}
