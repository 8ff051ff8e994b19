/**
 * Runs in which single edges carry what another run wrote.
 *
 * To each destination's input the difference is added between what its corrupted sources wrote in the other run and what they
 * write in this one; so all other edges stay as they are, and what a corrupted edge changes flows on through all later
 * components. Many such runs are the rows of one pass, which begins at the first layer that any of them changes.
 */
import { growsBatch, type Intervention, type Interventions, type TraceCore } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { lastLogits, lastLogitsOf, lazyPass } from "../shared/lazy-pass.js";
import { rowsThatFit } from "../shared/memory.js";
import type { AnalysisModel } from "../shared/model.js";
import { type ReadMask, readMask } from "./edge-masks.js";
import { begunBefore, type ComponentGraph, type EdgeSet } from "./graph.js";
import { movement } from "./movement.js";
import type { Outputs } from "./outputs.js";
import type { LeftOut } from "./rest.js";
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
 * @returns what was read, computed
 */
export async function runEdges(
  pairs: RunPairs,
  rows: readonly EdgeRow[],
  read: (logits: MxArray) => MxArray,
): Promise<MxArray> {
  const { model, graph, ids, leftOut } = pairs;
  const sets = rows.map(({ corrupted }) => corrupted);
  const masks = graph.reads.map((site) => readMask(graph, site, sets));
  const numbers = rows.map(({ pair }) => pair);
  const interventions = carryOther(pairs, numbers, masks);
  const start = startOf(graph, masks);
  const args = leftOut?.beginning.args(leftOut.from, (layer) => (layer < start ? [0] : numbers));
  const options = { interventions, ...(args && { args }) };
  const [found] = await lazyPass(model, [ids[0].slice(leftOut?.from)], options, (trace) => [
    read(logitsOfRuns(pairs, trace)),
  ]);
  return found;
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
 * @param masks of each site that is read; undefined where nothing moves
 */
export function carryOther(
  pairs: RunPairs,
  numbers: readonly number[],
  masks: readonly (ReadMask | undefined)[],
): Interventions {
  const { model, graph, clean } = pairs;
  const { reads, layers } = graph;
  const start = startOf(graph, masks);
  const { wrote, moved } = movement(pairs, numbers, begunBefore(graph, start));
  const interventions: Record<string, Intervention> = {};
  for (const [index, read] of reads.entries()) {
    const mask = masks[index];
    if (!mask) continue;
    const { layer, kind, site } = read;
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
  const first = growsBatch(() => mx.take(clean.stream[start], mx.array([...numbers], mx.int32), 0));
  const logits = interventions[begin];
  interventions[begin] = start === layers && logits ? growsBatch((x, site) => logits(first(x, site), site)) : first; // biome-ignore format: one choice
  for (let layer = start; layer < layers; layer++) {
    Object.assign(interventions, headWrites(graph, layer, wrote));
    interventions[`layers.${layer}.mlp`] = (x) => {
      wrote(mx.expandDims(x, 1));
      return x;
    };
  }
  return interventions;
}
