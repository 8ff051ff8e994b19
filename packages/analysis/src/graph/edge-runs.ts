/**
 * Runs in which single edges carry what another run wrote.
 *
 * To each destination's input the difference is added between what its corrupted sources wrote in the other run and what they
 * write in this one; so all other edges stay as they are, and what a corrupted edge changes flows on through all later
 * components. Many such runs are the rows of one pass, which begins at the first layer that any of them changes.
 */
import {
  growsBatch,
  type Intervention,
  type Interventions,
  skip,
  type TraceCore,
} from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { lastLogits, lastLogitsOf, lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import { rowsThatFit } from "../shared/memory.js";
import type { AnalysisModel } from "../shared/model.js";
import { once } from "../shared/once.js";
import { type ReadMask, readMask } from "./edge-masks.js";
import { begunBefore, type ComponentGraph, type EdgeSet } from "./graph.js";
import { mlpWrites } from "./mlp-units.js";
import { movement, type Written } from "./movement.js";
import type { Outputs } from "./outputs.js";
import { planReads } from "./plan-reads.js";
import type { LeftOut } from "./rest.js";
import { knownPatterns, type Settled } from "./settled.js";
import { sharedNorm } from "./shared-norm.js";
import { headWrites } from "./writes.js";

/** Pairs of runs of one length. */
export interface RunPairs {
  readonly model: AnalysisModel;
  readonly graph: ComponentGraph;
  readonly ids: readonly (readonly number[])[];
  readonly clean: Outputs;
  readonly corrupted: Outputs;
  /** At how many last positions they are read; undefined for answers of one token. */
  readonly steps?: number | undefined;
  /** How many positions, from the first, hold the same in both runs of every pair. Default: none */
  readonly same?: number;
  /** Of `restOf`: what these runs lack. */
  readonly leftOut?: LeftOut;
}

/** What runs of these pairs are judged by, read of a trace: (rows, vocab), or (rows, steps, vocab). */
export function logitsOfRuns({ model, steps }: RunPairs, trace: TraceCore): MxArray {
  return steps === undefined ? lastLogits(model, trace) : lastLogitsOf(model, trace, steps);
}

/** One run: of which pair, and which edges carry what the corrupted run wrote. */
export interface EdgeRow {
  readonly pair: number;
  readonly corrupted: EdgeSet;
}

/**
 * How many of these rows one pass holds within the budget of a sweep.
 *
 * @param layer the first that they change
 */
export function edgeRowsThatFit({ model, graph, ids }: RunPairs, layer = 0): number {
  const written = graph.sources.length - begunBefore(graph, layer); // each is kept until the pass ends
  const inside = 1 + (written + 6 * graph.heads) / 20; // beside twenty widths of the stream
  return Math.max(1, Math.floor(rowsThatFit(model, ids[0].length) / inside));
}

/**
 * @param rows quickest where those of one pair stand together
 * @param read what is wanted of the logits, as `logitsOfRuns` gives them
 * @param settled what is known of what sources write in all of them
 * @returns what was read, computed
 */
export async function runEdges(
  pairs: RunPairs,
  rows: readonly EdgeRow[],
  read: (logits: MxArray) => MxArray,
  settled?: Settled,
): Promise<MxArray> {
  const sets = rows.map(({ corrupted }) => corrupted);
  const masks = pairs.graph.reads.map((site) => readMask(pairs.graph, site, sets));
  const numbers = rows.map(({ pair }) => pair);
  const [found] = await traceEdges(pairs, { numbers, masks, settled }, (trace) => [
    read(logitsOfRuns(pairs, trace)),
  ]);
  return found;
}

/** Runs of which each row is moved in its own way. */
interface MovedRuns {
  /** The pair of each row. */
  readonly numbers: readonly number[];
  /** Of each site that is read; undefined where nothing moves. */
  readonly masks: readonly (ReadMask | undefined)[];
  readonly settled?: Settled | undefined;
}

/** What sources wrote in a pass, as far as it computes that, and which of them lead to the answer. */
export interface WrittenNow {
  readonly written: readonly Written[];
  readonly leads: Uint8Array;
}

/** @param read what is wanted of the pass; nothing else of it is computed */
export async function traceEdges(
  pairs: RunPairs,
  runs: MovedRuns,
  read: (trace: TraceCore, now: WrittenNow) => readonly MxArray[],
): Promise<readonly MxArray[]> {
  const { model, graph, ids, leftOut } = pairs;
  const { numbers } = runs;
  const { interventions, ...now } = movedPass(pairs, runs);
  const start = startOf(graph, runs.masks);
  const args = leftOut?.beginning.args(leftOut.from, (layer) => (layer < start ? [0] : numbers));
  const options = { interventions, ...(args && { args }) };
  return lazyPass(model, [ids[0].slice(leftOut?.from)], options, (trace) => read(trace, now));
}

/** The first layer in which something moves. */
function startOf(
  { reads, layers }: ComponentGraph,
  masks: readonly (ReadMask | undefined)[],
): number {
  return reads.find((_, index) => masks[index])?.layer ?? layers;
}

/**
 * Runs in which what destinations read is moved towards what their sources wrote in the other run.
 *
 * @param numbers of the pair that each row belongs to
 * @param given of each site that is read; undefined where nothing moves
 */
export function carryOther(
  pairs: RunPairs,
  numbers: readonly number[],
  masks: readonly (ReadMask | undefined)[],
): Interventions {
  return movedPass(pairs, { numbers, masks }).interventions;
}

function movedPass(
  pairs: RunPairs,
  { numbers, masks: given, settled }: MovedRuns,
): WrittenNow & { readonly interventions: Interventions } {
  const { model, graph, clean } = pairs;
  const { reads, layers } = graph;
  const start = startOf(graph, given);
  const begun = reads.find((_, index) => given[index])?.reach ?? graph.sources.length;
  const { summed, masks, leads } = planReads(graph, given, begun, settled);
  const { written, wrote, moved } = movement(pairs, numbers, { begun, summed, settled });
  const interventions: Record<string, Intervention> = {};
  const looksAlike = summed ? knownPatterns(graph, masks, begun, settled) : new Map<number, MxArray>(); // biome-ignore format: one line
  for (const [layer, pattern] of looksAlike) {
    const own = once(() => mx.take(pattern, mx.array([...numbers], mx.int32), 0));
    interventions[`layers.${layer}.selfAttn.pattern`] = own;
  }
  for (const [index, read] of reads.entries()) {
    const mask = masks[index];
    if (!mask) continue;
    const { layer, kind, site } = read;
    if (looksAlike.has(layer) && (kind === "query" || kind === "key")) continue;
    if (kind === "mlp" && graph.wiring[layer].mlpNorm === "shared") {
      const seen: { stream?: MxArray } = {};
      interventions[`layers.${layer}.inputNorm.input`] = (x) => {
        seen.stream = x;
        return x;
      };
      const norm = sharedNorm(model, layer);
      interventions[site] = () => norm(moved(seen.stream!, mask, read)); // attention read it before
    } else {
      interventions[site] = (x) => moved(x, mask, read);
    }
  }
  const begin = start === layers ? `layers.${layers - 1}` : `layers.${start}.input`;
  const streamOf = (layer: number) => mx.take(clean.stream[layer], mx.array([...numbers], mx.int32), 0); // biome-ignore format: one line
  const first = growsBatch(() => streamOf(start));
  const logits = interventions[begin];
  interventions[begin] = start === layers && logits ? growsBatch((x, site) => logits(first(x, site), site)) : first; // biome-ignore format: one choice
  const calls = model.edits.length > 0; // edits of a view are made where they are, so every module is called
  const below = calls ? 0 : Math.min(start, layers - 1); // of the last the output is read
  for (let layer = 0; layer < below; layer++) interventions[`layers.${layer}`] = skip({ output: "input" }); // biome-ignore format: one line
  const needs = (from: number, to: number) =>
    calls || !summed || range(to - from).some((at) => from + at >= begun && leads[from + at] && !settled?.of[from + at]); // biome-ignore format: one rule
  for (let layer = start; layer < layers; layer++) {
    // Heads read what differs from the stream: of sums it may be any, and this one takes no run.
    if (summed && layer > start) interventions[`layers.${layer}.input`] = () => streamOf(layer);
    const from = begunBefore(graph, layer);
    const middle = from + graph.heads;
    const heads = (x: MxArray) => wrote(x, from);
    const parts = (x: MxArray) => wrote(x, middle);
    const [attends, thinks] = [needs(from, middle), needs(middle, begunBefore(graph, layer + 1))];
    const left = skip({ output: "zeros" });
    if (!attends) interventions[`layers.${layer}.selfAttn`] = left;
    else if (from >= begun) Object.assign(interventions, headWrites(graph, layer, heads)); // otherwise it is as in the clean run
    if (!thinks) interventions[`layers.${layer}.mlp`] = left;
    else Object.assign(interventions, mlpWrites(layer, graph.wiring[layer].units, parts));
  }
  return { interventions, written, leads };
}
