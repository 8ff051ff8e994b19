/**
 * The two runs of a path: in one, a head writes what it wrote for the corrupted prompt while every other head writes what it
 * wrote for the clean one; in the other, the receivers read the stream of the first and everything else is clean.
 */
import { growsBatch, type Intervention, type Interventions } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { edgeRowsThatFit } from "../graph/edge-runs.js";
import type { PairBatch } from "../graph/run-pairs.js";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import type { AskedPaths } from "./options.js";
import type { Receiver } from "./receivers.js";

/** One path: from a head, of one pair. */
interface PathRow {
  readonly pair: number;
  readonly layer: number;
  readonly head: number;
}

type Mode = Pick<AskedPaths, "mlps" | "signal">;

/**
 * @returns for each pair the metric with each head as sender, layer by layer; the clean metric where no receiver stands above it
 */
export async function patchPaths(
  batch: PairBatch,
  receivers: readonly Receiver[],
  { mlps, signal }: Mode,
): Promise<number[][]> {
  const { graph, ids, baselines, metricOf } = batch;
  const { layers, heads } = graph;
  const found = ids.map((_, pair) => new Array<number>(layers * heads).fill(baselines[pair].clean));
  const top = Math.max(...receivers.map(({ read }) => read.layer + (read.kind === "mlp" ? 1 : 0)));
  const senders = Array.from({ length: layers * heads }, (_, at) => ({ layer: Math.floor(at / heads), head: at % heads })); // biome-ignore format: one list
  const rows = senders
    .filter(({ layer }) => layer < top)
    .flatMap((sender) => ids.map((_, pair) => ({ ...sender, pair })));
  const fits = edgeRowsThatFit(batch);
  for (let start = 0; start < rows.length; start += fits) {
    signal?.throwIfAborted();
    const chunk = rows.slice(start, start + fits);
    const changes = await changesAt(batch, receivers, chunk, mlps);
    const metric = metricOf(chunk.map(({ pair }) => pair));
    const interventions = receive(batch, receivers, chunk, changes);
    const [values] = await lazyPass(batch.model, [ids[0]], { interventions }, (trace) => [
      metric(lastLogits(batch.model, trace)),
    ]);
    const numbers = toFlat(values);
    chunk.forEach(({ pair, layer, head }, row) => {
      found[pair][layer * heads + head] = numbers[row];
    });
  }
  return found;
}

/** How the stream that each receiver reads differs from the clean one, (rows, position, hidden). */
async function changesAt(
  batch: PairBatch,
  receivers: readonly Receiver[],
  rows: readonly PathRow[],
  mlps: AskedPaths["mlps"],
): Promise<readonly MxArray[]> {
  const { model, graph, clean, corrupted, ids } = batch;
  const pick = picker(rows);
  const start = rows[0].layer; // rows stand in the order of layers
  const interventions: Record<string, Intervention> = {
    [`layers.${start}.input`]: growsBatch(() => pick(clean.stream[start])),
  };
  for (let layer = start; layer < graph.layers; layer++) {
    const from = 1 + layer * (graph.heads + 1);
    const written = (run: MxArray, first: number, count: number) =>
      pick(run.index(mx.Slice(), mx.Slice(first, first + count)));
    const sends = sendersIn(rows, layer, graph.heads);
    interventions[`layers.${layer}.selfAttn.result`] = () => {
      const own = written(clean.writes, from, graph.heads);
      if (!sends) return own.transpose(0, 2, 1, 3);
      return mx
        .where(sends, written(corrupted.writes, from, graph.heads), own)
        .transpose(0, 2, 1, 3);
    };
    if (mlps === "recomputed") continue;
    interventions[`layers.${layer}.mlp`] = () =>
      written(clean.writes, from + graph.heads, 1).squeeze(1);
  }
  const siteOf = ({ read }: Receiver) => {
    if (read.kind === "logits" || read.kind === "mlp") return read.site;
    return `layers.${read.layer}.input`;
  };
  return lazyPass(model, [ids[0]], { interventions }, (trace) =>
    receivers.map((receiver) => {
      const { layer, kind } = receiver.read;
      const own = kind === "mlp" ? clean.mlpReads[layer] : clean.stream[layer];
      if (layer < start || (layer === start && kind !== "mlp")) return mx.zerosLike(pick(own));
      return mx.subtract(trace.at(siteOf(receiver)).value, pick(own));
    }),
  );
}

/** Which rows send from which head of a layer, (rows, heads, 1, 1); undefined where none does. */
function sendersIn(rows: readonly PathRow[], layer: number, heads: number): MxArray | undefined {
  if (!rows.some((row) => row.layer === layer)) return undefined;
  const flags = rows.map((row) =>
    Array.from({ length: heads }, (_, head) => (row.layer === layer && row.head === head ? 1 : 0)),
  );
  return mx.greater(mx.array(flags), 0).reshape([rows.length, heads, 1, 1]);
}

/** The receivers read what changed; everything else is the clean run. */
function receive(
  { clean, graph }: PairBatch,
  receivers: readonly Receiver[],
  rows: readonly PathRow[],
  changes: readonly MxArray[],
): Interventions {
  const pick = picker(rows);
  const start = Math.min(...receivers.map(({ read }) => read.layer));
  const added = receivers.map(({ heads }, index): Intervention => {
    const change = changes[index];
    if (!heads) return (x) => mx.add(x, change);
    return (x) => {
      const own = Array.from({ length: x.shape[2] }, (_, head) => (heads.includes(head) ? 1 : 0));
      const mask = mx.array(own).reshape([1, 1, own.length, 1]);
      return mx.add(x, mx.multiply(mx.expandDims(change, 2), mask));
    };
  });
  const interventions: Record<string, Intervention | Intervention[]> = {};
  receivers.forEach(({ read }, index) => {
    interventions[read.site] = added[index];
  });
  const first = growsBatch(() => pick(clean.stream[start]));
  if (start < graph.layers) return { ...interventions, [`layers.${start}.input`]: first };
  const { site } = receivers[0].read; // the logits alone
  return { [site]: growsBatch((x, context) => added[0](first(x, context), context)) };
}

/** Pairs' values as rows' values. */
function picker(rows: readonly PathRow[]): (x: MxArray) => MxArray {
  const pairs = mx.array(
    rows.map(({ pair }) => pair),
    mx.int32,
  );
  return (x) => mx.take(x, pairs, 0);
}
