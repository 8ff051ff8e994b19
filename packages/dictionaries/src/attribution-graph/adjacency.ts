/** All edges of a graph: how much every node moves every other, directly. Rows are targets, and are computed a few at a time. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { partialInfluence } from "./influence.js";
import type { AskedGraph } from "./options.js";
import type { ActiveFeature, LinearEffects, Replacement } from "./replacement.js";

/** A target among next tokens. */
export interface LogitTarget {
  readonly id: number;
  readonly probability: number;
}

/** Nodes in the order features, errors (layer by layer), tokens, logits; `edges[target * nodes + source]`. */
export interface Adjacency {
  readonly features: readonly ActiveFeature[];
  readonly logits: readonly LogitTarget[];
  readonly positions: number;
  readonly layers: number;
  readonly nodes: number;
  readonly edges: Float32Array;
}

/** The fewest next tokens that have enough of the probability together, the likeliest first. */
export function logitTargets(
  logits: MxArray,
  { logits: most, probability }: AskedGraph,
): LogitTarget[] {
  const chances = toFlat(mx.softmax(logits, -1));
  const order = Array.from(chances.keys()).sort((a, b) => chances[b] - chances[a] || a - b);
  const chosen: LogitTarget[] = [];
  let sum = 0;
  for (const id of order) {
    if (chosen.length >= most || sum >= probability) break;
    chosen.push({ id, probability: chances[id] });
    sum += chances[id];
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
  const logitRows = await logitEdges(replacement, logits, sources);
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

/** All that writes: features place by place, errors, tokens. */
interface Sources {
  readonly count: number;
  /** The edges of a batch of targets, row by row. */
  edges(effects: LinearEffects): Promise<Float32Array[]>;
}

function sourcesOf(
  transcoders: Transcoders,
  { active, errors, embeddings, layers, ids }: Replacement,
): Sources {
  const positions = ids.length;
  const groups = groupsOf(transcoders, active);
  const tokensFrom = active.length + layers * positions;
  return {
    count: tokensFrom + positions,
    async edges({ layers: written, embeddings: ofTokens }) {
      const [rows] = ofTokens.shape;
      const parts: { readonly array: MxArray; readonly columns: readonly number[] }[] = [];
      for (const { layer, position, numbers, writes } of groups) {
        const arrays = writes
          .filter((one) => one.layer < written.length)
          .map((one) =>
            mx.matmul(written[one.layer].index(mx.Slice(), position), one.rows.transpose()),
          );
        if (arrays.length === 0 || layer >= written.length) continue;
        parts.push({ array: arrays.reduce((sum, one) => mx.add(sum, one)), columns: numbers });
      }
      written.forEach((array, layer) => {
        const columns = Array.from(
          { length: positions },
          (_, at) => active.length + layer * positions + at,
        );
        parts.push({ array: mx.sum(mx.multiply(array, errors[layer]), -1), columns });
      });
      const columns = Array.from({ length: positions }, (_, at) => tokensFrom + at);
      parts.push({ array: mx.sum(mx.multiply(ofTokens, embeddings), -1), columns });
      await evaluate(parts.map(({ array }) => array));
      return scattered(parts, rows, tokensFrom + positions);
    },
  };
}

function scattered(
  parts: readonly { readonly array: MxArray; readonly columns: readonly number[] }[],
  rows: number,
  width: number,
): Float32Array[] {
  const edges = Array.from({ length: rows }, () => new Float32Array(width));
  for (const { array, columns } of parts) {
    const values = toFlat(array);
    for (let row = 0; row < rows; row++) {
      columns.forEach((column, at) => {
        edges[row][column] = values[row * columns.length + at];
      });
    }
  }
  return edges;
}

/** Features of one layer at one position, and what they write into each layer at their activation, (features, hidden). */
interface Group {
  readonly layer: number;
  readonly position: number;
  readonly numbers: number[];
  readonly writes: { readonly layer: number; readonly rows: MxArray }[];
}

function groupsOf(transcoders: Transcoders, active: readonly ActiveFeature[]): Group[] {
  const byPlace = new Map<string, { layer: number; position: number; numbers: number[] }>();
  active.forEach(({ layer, position }, number) => {
    const key = `${layer} ${position}`;
    const group = byPlace.get(key) ?? { layer, position, numbers: [] };
    group.numbers.push(number);
    byPlace.set(key, group);
  });
  const writes = Array.from({ length: transcoders.layers }, (_, layer) =>
    transcoders.writes(layer),
  );
  return [...byPlace.values()].map((group) => {
    const own = group.numbers.map((number) => active[number]);
    const features = mx.array(
      own.map(({ feature }) => feature),
      mx.int32,
    );
    const sizes = mx.array(own.map(({ activation }) => [activation]));
    return {
      ...group,
      writes: writes[group.layer].map(({ layer, directions }) => ({
        layer,
        rows: mx.multiply(mx.take(directions, features, 0), sizes),
      })),
    };
  });
}

async function logitEdges(
  { effects, logits: all, ids }: Replacement,
  logits: readonly LogitTarget[],
  sources: Sources,
): Promise<Float32Array[]> {
  const vocab = all.size;
  const rows = logits.map(({ id }) => {
    const direction = new Array<number>(vocab).fill(-1 / vocab); // without the mean over the vocabulary
    direction[id] += 1;
    return direction;
  });
  const last = logits.map(() => ids.length - 1);
  return sources.edges(effects("logits", mx.array(rows), last));
}

async function featureEdges(
  transcoders: Transcoders,
  { active, effects }: Replacement,
  numbers: readonly number[],
  sources: Sources,
  batchSize: number,
  found: Map<number, Float32Array>,
): Promise<void> {
  const byLayer = new Map<number, number[]>();
  for (const number of numbers) {
    const { layer } = active[number];
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), number]);
  }
  for (const [layer, own] of byLayer) {
    const encoder = transcoders.encoderRows(layer);
    for (let from = 0; from < own.length; from += batchSize) {
      const batch = own.slice(from, from + batchSize);
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
  const edges = new Float32Array(nodes * nodes);
  const fill = (target: number, row: Float32Array) => {
    chosen.forEach((number, source) => {
      edges[target * nodes + source] = row[number];
    });
    edges.set(row.subarray(active.length, active.length + others), target * nodes + chosen.length);
  };
  chosen.forEach((number, target) => {
    fill(target, rows.get(number) as Float32Array);
  });
  logitRows.forEach((row, at) => {
    fill(chosen.length + others + at, row);
  });
  return {
    features: chosen.map((number) => active[number]),
    logits,
    positions,
    layers,
    nodes,
    edges,
  };
}
