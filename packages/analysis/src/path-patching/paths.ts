/**
 * The two runs of a path: in one, the senders write what they wrote for the corrupted prompt while every other head writes what it
 * wrote for the clean one; in the other, the receivers read the stream of the first and everything else is clean.
 */
import { growsBatch, type Intervention, type Interventions } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { edgeRowsThatFit, logitsOfRuns } from "../graph/edge-runs.js";
import type { PairBatch } from "../graph/run-pairs.js";
import { lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AskedPaths } from "./options.js";
import type { Receiver } from "./receivers.js";
import type { Senders } from "./senders.js";

/** One path: of one pair, from some senders. */
interface PathRow {
  readonly pair: number;
  /** Its number among the sets of senders. */
  readonly set: number;
  readonly senders: Senders;
  /** The first layer in which one of them writes. */
  readonly layer: number;
}

type Mode = Pick<AskedPaths, "mlps" | "signal">;

interface Ends {
  readonly senders: readonly Senders[];
  readonly receivers: readonly Receiver[];
}

/**
 * @returns for each pair the metric with each set of senders; the clean metric where no receiver stands above them
 */
export async function patchPaths(
  batch: PairBatch,
  { senders, receivers }: Ends,
  { mlps, signal }: Mode,
): Promise<number[][]> {
  const { graph, ids, baselines, metricOf } = batch;
  const found = ids.map((_, pair) => new Array<number>(senders.length).fill(baselines[pair].clean));
  const top = Math.max(...receivers.map(({ read }) => read.reach));
  const rows = senders
    .flatMap((set, index) => {
      const reached = set.filter((sender) => sender < top);
      const layer = Math.min(...reached.map((sender) => graph.sources[sender].layer));
      return reached.length === 0 ? [] : ids.map((_, pair) => ({ pair, set: index, senders: reached, layer })); // biome-ignore format: one choice
    })
    .sort((a, b) => a.layer - b.layer);
  const fits = edgeRowsThatFit(batch);
  for (let start = 0; start < rows.length; start += fits) {
    signal?.throwIfAborted();
    const chunk = rows.slice(start, start + fits);
    const changes = await changesAt(batch, receivers, chunk, mlps);
    const metric = metricOf(chunk.map(({ pair }) => pair));
    const interventions = receive(batch, receivers, chunk, changes);
    const [values] = await lazyPass(batch.model, [ids[0]], { interventions }, (trace) => [
      metric(logitsOfRuns(batch, trace)),
    ]);
    const numbers = toFlat(values);
    chunk.forEach(({ pair, set }, row) => {
      found[pair][set] = numbers[row];
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
  const sent = (x: MxArray, from: number, own: MxArray) => {
    const mask = sendersIn(rows, from, own.shape[1]);
    return mask ? mx.where(mask, pick(x), own) : own;
  };
  const written = (run: MxArray, first: number, count: number) =>
    run.index(mx.Slice(), mx.Slice(first, first + count));
  const input = () => {
    const own = mx.expandDims(pick(clean.stream[start]), 1);
    if (start > 0) return own.squeeze(1);
    return sent(written(corrupted.writes, 0, 1), 0, own).squeeze(1);
  };
  const interventions: Record<string, Intervention> = {
    [`layers.${start}.input`]: growsBatch(input),
  };
  for (let layer = start; layer < graph.layers; layer++) {
    const from = 1 + layer * (graph.heads + 1);
    const mlp = from + graph.heads;
    interventions[`layers.${layer}.selfAttn.result`] = () => {
      const own = pick(written(clean.writes, from, graph.heads));
      return sent(written(corrupted.writes, from, graph.heads), from, own).transpose(0, 2, 1, 3);
    };
    if (mlps === "recomputed" && !sendersIn(rows, mlp, 1)) continue;
    interventions[`layers.${layer}.mlp`] = (x) => {
      const own = mlps === "frozen" ? pick(written(clean.writes, mlp, 1)) : mx.expandDims(x, 1);
      return sent(written(corrupted.writes, mlp, 1), mlp, own).squeeze(1);
    };
  }
  const siteOf = ({ read }: Receiver) => {
    if (read.kind === "logits" || read.kind === "mlp") return read.site;
    return `layers.${read.layer}.input`;
  };
  return lazyPass(model, [ids[0]], { interventions }, (trace) =>
    receivers.map((receiver) => {
      const { layer, kind } = receiver.read;
      const own = kind === "mlp" ? clean.mlpReads[layer] : clean.stream[layer];
      const before = layer < start || (layer === start && layer > 0 && kind !== "mlp");
      if (before) return mx.zerosLike(pick(own));
      return mx.subtract(trace.at(siteOf(receiver)).value, pick(own));
    }),
  );
}

/** Which rows send from which of some sources, (rows, count, 1, 1); undefined where none does. */
function sendersIn(rows: readonly PathRow[], first: number, count: number): MxArray | undefined {
  const flags = rows.map(({ senders }) =>
    Array.from({ length: count }, (_, at) => Number(senders.includes(first + at))),
  );
  if (!flags.some((own) => own.includes(1))) return undefined;
  return mx.greater(mx.array(flags), 0).reshape([rows.length, count, 1, 1]);
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
  /** Heads that share a receiver's key or value write what they wrote; their layer reads nothing but clean. */
  const keeps = (layer: number, all: readonly Receiver[]): Intervention => {
    const heads = all.flatMap(({ read, kept }) => (read.layer === layer ? kept : []));
    const from = 1 + layer * (graph.heads + 1);
    const mask = mx.array(range(graph.heads).map((head) => (heads.includes(head) ? 1 : 0)));
    return (x) => {
      const own = pick(clean.writes.index(mx.Slice(), mx.Slice(from, from + graph.heads)));
      const chosen = mx.greater(mask, 0).reshape([1, 1, graph.heads, 1]);
      return mx.where(chosen, own.transpose(0, 2, 1, 3), x);
    };
  };
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
  receivers.forEach(({ read, kept }, index) => {
    interventions[read.site] = added[index];
    if (kept.length > 0) interventions[`layers.${read.layer}.selfAttn.result`] = keeps(read.layer, receivers); // biome-ignore format: one line
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
