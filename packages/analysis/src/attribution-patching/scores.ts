/** What a patch would change, by the slope of the metric at what it replaces. */
import type { ActivationCache, Interventions } from "@mlxterp/core";
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { backwardRules } from "../backward-rules/rule-sets.js";
import { stopHere } from "../backward-rules/rules.js";
import { type PositionMap, positionMap, putInPlace } from "../shared/aligned.js";
import { endLogits, judgePairs, metricOfRows, type PairBaseline, stepsOf } from "../shared/baselines.js"; // biome-ignore format: one import
import type { Metric, MetricFunction } from "../shared/metrics.js";
import type { AnalysisModel } from "../shared/model.js";
import type { PromptPair } from "../shared/pairs.js";
import { exactSoftmax, softmaxSites } from "./exact-softmax.js";
import { type NodeKind, nodeSite, positionAxis } from "./nodes.js";
import type { AskedAttribution } from "./options.js";
import { alongTheWay } from "./way.js";

/** Of one pair: for each kind (layer, position), or (layer, head, position), row by row. */
export interface PairScores {
  readonly baseline: PairBaseline;
  readonly byKind: Readonly<Record<string, Float64Array>>;
}

type Asked = Pick<
  AskedAttribution,
  "direction" | "rule" | "positions" | "qkFix" | "gradDrop" | "signal"
> & {
  readonly steps: number;
  readonly kinds: readonly NodeKind[];
  /** The layers that have a kind. */
  readonly layersOf: (kind: NodeKind) => readonly number[];
  /** The clean prompts' positions that are shown, where each is. */
  readonly columns?: readonly number[] | undefined;
};

/** A batch of runs that are patched, with those that patches are taken from. */
interface Batch {
  /** Which positions of the source stand for those of the patched runs; of all, since they are aligned alike. */
  readonly map: PositionMap;
  readonly steps: number | undefined;
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
  const save = [...kinds.map((kind) => nodeSite(kind, "*")), "layers.0.input", last];
  const source = await model.run(prompts(from), { save });
  const map = positionMap(own[0], into);
  const batch: Batch = { model, ids: prompts(into), judge, source, asked, map, steps: stepsOf(own) }; // biome-ignore format: one object
  const { points, stream } = await scoresOf(batch);
  const [clean, corrupted] = direction === "denoising" ? [source.get(last), stream] : [stream, source.get(last)]; // biome-ignore format: two sides
  const { baselines } = await judgePairs(model, pairs, numbers, metric, [clean, corrupted]);
  const columns = placesOf(asked.columns, own[0], into);
  const shown = points.map((scores) => scores.map((one) => atColumns(one, columns)));
  await evaluate(shown.flat());
  return numbers.map((_, row) => {
    const baseline = baselines[row];
    const along = (at: number) => alongTheWay(shown.map((scores) => rowOf(scores[at], row)), baseline.clean - baseline.corrupted); // biome-ignore format: one call
    return { baseline, byKind: Object.fromEntries(kinds.map((kind, at) => [kind, along(at)])) };
  });
}

/** Where some of the clean prompt's positions are in the patched run. */
function placesOf(
  columns: readonly number[] | undefined,
  { aligned }: PromptPair,
  into: "clean" | "corrupted",
): readonly number[] | undefined {
  if (!aligned || into === "clean") return columns;
  return columns?.map((at) => aligned[at]!); // they stand for something in every pair
}

function atColumns(scores: MxArray, columns: readonly number[] | undefined): MxArray {
  return columns ? mx.take(scores, mx.array([...columns], mx.int32), -1) : scores;
}

/** @returns by point on the way for each kind (pair, layer, [head], position), and the last residual stream of the patched runs */
async function scoresOf(batch: Batch): Promise<{ points: MxArray[][]; stream: MxArray }> {
  const { model, asked } = batch;
  const { layers } = model.anatomy;
  const pass = await slopes(batch, {});
  const plain = await effects(batch, pass);
  const stream = pass.values.get(`layers.${layers - 1}`);
  if (!asked.gradDrop) return { points: [plain, ...(await onTheWay(batch, pass))], stream };
  let sums = plain.map((x) => mx.zerosLike(x));
  const names = new Set(model.sites().map(({ site }) => site));
  for (let layer = 0; layer < layers; layer++) {
    const writes = writers.map((part) => `layers.${layer}.${part}`).filter((site) => names.has(site)); // biome-ignore format: one list
    const dropped = await slopes(batch, Object.fromEntries(writes.map((site) => [site, stopHere])));
    const found = await effects(batch, dropped);
    sums = sums.map((sum, at) => {
      const kind = asked.kinds[at];
      return mx.add(sum, mx.abs(without(found[at], asked.layersOf(kind).indexOf(layer), kind)));
    });
    await evaluate(sums);
  }
  const scores = sums.map((sum, at) =>
    mx.multiply(mx.sign(plain[at]), mx.divide(sum, Math.max(1, layers - 1))),
  );
  await evaluate(scores);
  return { points: [scores], stream };
}

/** What adds to the stream. */
const writers = ["selfAttn", "mixer", "mlp"];

/** What a layer writes goes nowhere where its writes are stopped; the stream that it reads still goes past it. */
function without(scores: MxArray, layer: number, kind: NodeKind): MxArray {
  if (kind === "residual") return scores;
  const count = scores.shape[1];
  const kept = mx.array(Array.from({ length: count }, (_, one) => (one === layer ? 0 : 1)));
  return mx.multiply(scores, kept.reshape([1, count, ...scores.shape.slice(2).map(() => 1)]));
}

function slopes({ model, ids, judge, asked, steps }: Batch, stops: Interventions) {
  const last = `layers.${model.anatomy.layers - 1}`;
  const fixed = asked.qkFix ? softmaxSites : [];
  const rules = backwardRules(model, asked.rule);
  return model.gradients(
    ids,
    (_, pass) => {
      return mx.sum(judge(endLogits(model, pass.value(last), steps))); // only these go through the head
    },
    {
      save: [...asked.kinds.map((kind) => nodeSite(kind, "*")), "layers.0.input", last, ...fixed],
      values: true,
      interventions: { ...rules, ...stops },
    },
  );
}

/** Values of the patched runs, and slopes there or at a point on the way from there. */
interface Slopes {
  readonly values: ActivationCache;
  readonly gradients: { get(site: string): MxArray };
}

/** The same changes times slopes at points on the straight way from the patched run's embeddings towards the other's. */
async function onTheWay(batch: Batch, { values }: Slopes): Promise<MxArray[][]> {
  const { source, asked, map } = batch;
  const { steps, signal } = asked;
  const embeddings = "layers.0.input";
  const own = values.get(embeddings);
  const change = mx.subtract(putInPlace(source.get(embeddings), own, map, 1), own);
  const points: MxArray[][] = [];
  for (let step = 1; step < steps; step++) {
    signal?.throwIfAborted();
    const point = mx.add(own, mx.multiply(change, step / steps));
    const { gradients } = await slopes(batch, { [embeddings]: () => point });
    points.push(await effects(batch, { values, gradients }));
  }
  return points;
}

async function effects(batch: Batch, pass: Slopes): Promise<MxArray[]> {
  const { source, asked } = batch;
  const found: MxArray[] = [];
  for (const kind of asked.kinds) {
    if (asked.qkFix && (kind === "query" || kind === "key")) {
      const exact = await exactSoftmax(batch, pass, kind, asked.layersOf(kind));
      found.push(summed(exact, asked.positions));
      continue;
    }
    const each = asked.layersOf(kind).map((layer) => {
      const site = nodeSite(kind, layer);
      const own = pass.values.get(site);
      const other = putInPlace(source.get(site), own, batch.map, positionAxis(kind));
      const change = mx.subtract(other, own);
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
