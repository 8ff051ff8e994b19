/** All edges of a graph: how much every node moves every other, directly. Rows are targets, and are computed a few at a time. */
import { type MxArray, mx, toFlat, topK } from "@mlxterp/mlx";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import type { Adjacency, LogitTarget } from "./edges.js";
import { partialInfluence } from "./influence.js";
import type { AskedGraph } from "./options.js";
import type { Replacement } from "./replacement.js";
import { type Sources, sourcesOf } from "./sources.js";
import type { ActiveFeature } from "./taken-apart.js";

/** The fewest next tokens that have enough of the probability together, the likeliest first. */
export function logitTargets(
  logits: MxArray,
  { logits: most, probability }: AskedGraph,
): LogitTarget[] {
  const count = Math.min(most, logits.size);
  const { values, indices } = topK(mx.softmax(logits, -1).reshape([1, logits.size]), count);
  const [chances, ids] = [toFlat(values), toFlat(indices)];
  const chosen: LogitTarget[] = [];
  let sum = 0;
  for (const [rank, id] of ids.entries()) {
    if (sum >= probability) break;
    chosen.push({ id, probability: chances[rank] });
    sum += chances[rank];
  }
  return chosen;
}

/** @throws the signal's reason */
export async function adjacencyOf(
  transcoders: Transcoders,
  replacement: Replacement,
  logits: readonly LogitTarget[],
  asked: AskedGraph,
): Promise<Adjacency> {
  const { active, layers, ids } = replacement;
  const sources = sourcesOf(transcoders, replacement);
  const width = sources.count;
  const rows = new Map<number, Float32Array>(); // by number among active features
  const logitRows = await logitEdges(replacement, logits, sources, asked.batchSize);
  const limit = Math.min(asked.maxFeatures, active.length);
  let chosen = limit < active.length ? [] : active.map((_, index) => index);
  for (let done = 0; done < limit; ) {
    asked.signal?.throwIfAborted();
    const next =
      limit < active.length
        ? mostInfluential(
            rows,
            logitRows,
            logits,
            active.length,
            width,
            Math.min(limit - done, 4 * asked.batchSize),
          )
        : chosen.slice(done, done + 4 * asked.batchSize);
    await featureEdges(transcoders, replacement, next, sources, asked.batchSize, rows);
    if (limit < active.length) chosen.push(...next);
    done += next.length;
    asked.onProgress?.({ done, total: limit, stage: "edges" });
  }
  chosen = chosen.sort((a, b) => a - b);
  return assembled({ chosen, active, rows, logitRows, logits, layers, positions: ids.length });
}

/** Features that nothing was asked of yet, by what they do to targets through those that are known. */
function mostInfluential(
  rows: ReadonlyMap<number, Float32Array>,
  logitRows: readonly Float32Array[],
  logits: readonly LogitTarget[],
  features: number,
  width: number,
  count: number,
): number[] {
  const weights = logits.map(({ probability }) => probability);
  const influence = partialInfluence(rows, logitRows, weights, width);
  const open = Array.from({ length: features }, (_, index) => index).filter(
    (index) => !rows.has(index),
  );
  return open.sort((a, b) => influence[b] - influence[a] || a - b).slice(0, count);
}

/** Numbers of one array of a pass: what a long prompt needs of targets at a time is no more than a short one does. */
const numbersAtOnce = 2 ** 23;

/** How many targets that read as far as a length go into one pass. */
export function targetsAtOnce(
  most: number,
  length: number,
  { embeddings }: Pick<Replacement, "embeddings">,
): number {
  const [, hidden] = embeddings.shape;
  return Math.min(most, Math.max(1, Math.floor(numbersAtOnce / (length * hidden))));
}

async function logitEdges(
  replacement: Replacement,
  logits: readonly LogitTarget[],
  sources: Sources,
  batchSize: number,
): Promise<Float32Array[]> {
  const { effects, logits: all, ids: prompt } = replacement;
  const size = targetsAtOnce(batchSize, prompt.length, replacement);
  const edges: Float32Array[] = [];
  for (let from = 0; from < logits.length; from += size) {
    const some = logits.slice(from, from + size);
    const last = some.map(() => prompt.length - 1);
    const rows = logitDirections(all.size, some);
    edges.push(...(await sources.edges(effects("logits", rows, last))));
  }
  return edges;
}

/** Each target without the mean over the vocabulary, (targets, vocab). */
export function logitDirections(vocab: number, logits: readonly LogitTarget[]): MxArray {
  const ids = mx.array(
    logits.map(({ id }) => [id]),
    mx.int32,
  );
  const own = mx.equal(ids, mx.arange(0, vocab, 1, mx.int32)).astype(mx.float32);
  return mx.subtract(own, 1 / vocab);
}

async function featureEdges(
  transcoders: Transcoders,
  replacement: Replacement,
  numbers: readonly number[],
  sources: Sources,
  batchSize: number,
  found: Map<number, Float32Array>,
): Promise<void> {
  const { active, effects } = replacement;
  const byLayer = new Map<number, number[]>();
  for (const number of numbers) {
    const { layer } = active[number];
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), number]);
  }
  for (const [layer, all] of byLayer) {
    // those that read far back together, so that passes of the others are short
    const own = all.sort((a, b) => active[a].position - active[b].position);
    const encoder = transcoders.encoderRows(layer);
    for (let from = 0; from < own.length; ) {
      const last = own[Math.min(own.length, from + batchSize) - 1];
      const size = targetsAtOnce(batchSize, active[last].position + 1, replacement);
      const batch = own.slice(from, from + size);
      from += batch.length;
      const features = mx.array(
        batch.map((number) => active[number].feature),
        mx.int32,
      );
      const positions = batch.map((number) => active[number].position);
      const edges = await sources.edges(effects(layer, mx.take(encoder, features, 0), positions));
      batch.forEach((number, row) => {
        found.set(number, edges[row]);
      });
    }
  }
}

interface Parts {
  readonly chosen: readonly number[];
  readonly active: readonly ActiveFeature[];
  readonly rows: ReadonlyMap<number, Float32Array>;
  readonly logitRows: readonly Float32Array[];
  readonly logits: readonly LogitTarget[];
  readonly layers: number;
  readonly positions: number;
}

function assembled({
  chosen,
  active,
  rows,
  logitRows,
  logits,
  layers,
  positions,
}: Parts): Adjacency {
  const others = (layers + 1) * positions;
  const nodes = chosen.length + others + logits.length;
  const all = [...chosen.map((number) => rows.get(number) as Float32Array), ...logitRows];
  const edges = new Float32Array(all.length * nodes);
  all.forEach((row, at) => {
    chosen.forEach((number, source) => {
      edges[at * nodes + source] = row[number];
    });
    edges.set(row.subarray(active.length, active.length + others), at * nodes + chosen.length);
  });
  const from = all.map((_, at) => (at < chosen.length ? at : at + others));
  return {
    features: chosen.map((number) => active[number]),
    logits,
    positions,
    layers,
    ...{ nodes, edges, targets: from },
  };
}
