/** What a patch would change, by the slope of the metric at what it replaces. */
import type { ActivationCache, Interventions } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { backwardRules } from "../backward-rules/rule-sets.js";
import { stopHere } from "../backward-rules/rules.js";
import { judgePairs, metricOfRows, type PairBaseline } from "../shared/baselines.js";
import type { Metric, MetricFunction } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { exactSoftmax, softmaxSites } from "./exact-softmax.js";
import { type NodeKind, nodeSite } from "./nodes.js";
import type { AskedAttribution } from "./options.js";

/** Of one pair: for each kind (layer, position), or (layer, head, position), row by row. */
export interface PairScores {
  readonly baseline: PairBaseline;
  readonly byKind: Readonly<Record<string, Float64Array>>;
}

type Asked = Pick<AskedAttribution, "direction" | "rule" | "positions" | "qkFix" | "gradDrop"> & {
  readonly kinds: readonly NodeKind[];
};

/** A batch of runs that are patched, with those that patches are taken from. */
interface Batch {
  readonly model: AnalysisModel;
  readonly ids: readonly (readonly number[])[];
  readonly judge: MetricFunction;
  readonly source: ActivationCache;
  readonly asked: Asked;
}

/** @param numbers of pairs of one length */
export async function scoreBatch(
  model: AnalysisModel,
  pairs: readonly PromptPair[],
  numbers: readonly number[],
  metric: Metric,
  asked: Asked,
): Promise<PairScores[]> {
  const { kinds, direction } = asked;
  const last = `layers.${model.anatomy.layers - 1}`;
  const own = numbers.map((number) => pairs[number]);
  const judge = metricOfRows(own, metric)(own.map((_, row) => row));
  const prompts = (side: "clean" | "corrupted") => own.map((pair) => pair[side].ids);
  const [from, into] = direction === "denoising" ? (["clean", "corrupted"] as const) : (["corrupted", "clean"] as const); // biome-ignore format: two sides
  const save = [...kinds.map((kind) => nodeSite(kind, "*")), last];
  const source = await model.run(prompts(from), { save });
  const batch: Batch = { model, ids: prompts(into), judge, source, asked };
  const { scores, stream } = await scoresOf(batch);
  const [clean, corrupted] = direction === "denoising" ? [source.get(last), stream] : [stream, source.get(last)]; // biome-ignore format: two sides
  const { baselines } = await judgePairs(model, pairs, numbers, metric, [clean, corrupted]);
  return numbers.map((_, row) => ({
    baseline: baselines[row],
    byKind: Object.fromEntries(kinds.map((kind, at) => [kind, rowOf(scores[at], row)])),
  }));
}

/** @returns for each kind (pair, layer, [head], position), and the last residual stream of the patched runs */
async function scoresOf(batch: Batch): Promise<{ scores: MxArray[]; stream: MxArray }> {
  const { model, asked } = batch;
  const { layers } = model.anatomy;
  const pass = await slopes(batch, {});
  const plain = await effects(batch, pass);
  const stream = pass.values.get(`layers.${layers - 1}`);
  if (!asked.gradDrop) return { scores: plain, stream };
  let sums = plain.map((x) => mx.zerosLike(x));
  for (let layer = 0; layer < layers; layer++) {
    const writes = [`layers.${layer}.selfAttn`, `layers.${layer}.mlp`];
    const dropped = await slopes(batch, Object.fromEntries(writes.map((site) => [site, stopHere])));
    const found = await effects(batch, dropped);
    sums = sums.map((sum, at) => mx.add(sum, mx.abs(without(found[at], layer, asked.kinds[at]))));
    await evaluate(sums);
  }
  const scores = sums.map((sum, at) =>
    mx.multiply(mx.sign(plain[at]), mx.divide(sum, Math.max(1, layers - 1))),
  );
  await evaluate(scores);
  return { scores, stream };
}

/** What a layer writes goes nowhere where its writes are stopped; the stream that it reads still goes past it. */
function without(scores: MxArray, layer: number, kind: NodeKind): MxArray {
  if (kind === "residual") return scores;
  const count = scores.shape[1];
  const kept = mx.array(Array.from({ length: count }, (_, one) => (one === layer ? 0 : 1)));
  return mx.multiply(scores, kept.reshape([1, count, ...scores.shape.slice(2).map(() => 1)]));
}

function slopes({ model, ids, judge, asked }: Batch, stops: Interventions) {
  const { anatomy } = model;
  const last = `layers.${anatomy.layers - 1}`;
  const fixed = asked.qkFix ? softmaxSites : [];
  const rules = backwardRules(model, asked.rule);
  return model.gradients(
    ids,
    (_, pass) => {
      const stream = pass.value(last).index(mx.Slice(), -1);
      return mx.sum(judge(anatomy.unembed(anatomy.finalNorm(stream)))); // only these go through the head
    },
    {
      save: [...asked.kinds.map((kind) => nodeSite(kind, "*")), last, ...fixed],
      values: true,
      interventions: { ...rules, ...stops },
    },
  );
}

type Slopes = Awaited<ReturnType<typeof slopes>>;

async function effects(batch: Batch, pass: Slopes): Promise<MxArray[]> {
  const { model, source, asked } = batch;
  const found: MxArray[] = [];
  for (const kind of asked.kinds) {
    if (asked.qkFix && (kind === "query" || kind === "key")) {
      const exact = await exactSoftmax(batch, pass, kind);
      found.push(summed(exact, asked.positions));
      continue;
    }
    const each = Array.from({ length: model.anatomy.layers }, (_, layer) => {
      const site = nodeSite(kind, layer);
      const change = mx.subtract(source.get(site), pass.values.get(site));
      const product = mx.multiply(change, pass.gradients.get(site)).astype(mx.float32);
      const byWidth = mx.sum(product, -1);
      return kind === "head" ? byWidth.transpose(0, 2, 1) : byWidth;
    });
    found.push(summed(each, asked.positions));
  }
  await evaluate(found);
  return found;
}

/** @param each layer's (pair, [head], position) */
function summed(each: readonly MxArray[], positions: "each" | "all"): MxArray {
  const most = Math.max(...each.map(({ shape }) => (shape.length === 3 ? shape[1] : 0)));
  const stacked = mx.stack(each.map((one) => padded(one, most)), 1); // biome-ignore format: one call
  return positions === "all" ? mx.sum(stacked, -1, true) : stacked;
}

/** Layers may differ in their heads: what one lacks is 0. */
function padded(x: MxArray, heads: number): MxArray {
  const [pairs, count, length] = x.shape;
  if (x.ndim < 3 || count === heads) return x;
  return mx.concatenate([x, mx.zeros([pairs, heads - count, length])], 1);
}

function rowOf(x: MxArray, row: number): Float64Array {
  const size = x.size / x.shape[0];
  return Float64Array.from(toFlat(x).subarray(row * size, (row + 1) * size));
}
