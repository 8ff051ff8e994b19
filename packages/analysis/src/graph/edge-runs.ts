/**
 * Runs in which single edges carry what another run wrote.
 *
 * To each destination's input the difference is added between what its corrupted sources wrote in the other run and what they
 * write in this one; so all other edges stay as they are, and what a corrupted edge changes flows on through all later
 * components. Many such runs are the rows of one pass, which begins at the first layer that any of them changes.
 */
import { growsBatch, type Intervention, type Interventions } from "@mlxterp/core";
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { lastLogits, lazyPass } from "../shared/lazy-pass.js";
import { rowsThatFit } from "../shared/memory.js";
import type { AnalysisModel } from "../shared/model.js";
import { type ComponentGraph, type EdgeSet, type ReadSite, readsByHead } from "./graph.js";
import type { Outputs } from "./outputs.js";
import { sharedNorm } from "./shared-norm.js";
import { headWrites } from "./writes.js";

/** Pairs of runs of one length. */
export interface RunPairs {
  readonly model: AnalysisModel;
  readonly graph: ComponentGraph;
  readonly ids: readonly (readonly number[])[];
  readonly clean: Outputs;
  readonly corrupted: Outputs;
}

/** One run: of which pair, and which edges carry what the corrupted run wrote. */
export interface EdgeRow {
  readonly pair: number;
  readonly corrupted: EdgeSet;
}

/** How many of these rows one pass holds within the budget of a sweep. */
export function edgeRowsThatFit({ model, graph, ids }: RunPairs): number {
  const inside = 1 + (3 * graph.sources.length) / 8; // beside eight widths of the stream
  return Math.max(1, Math.floor(rowsThatFit(model, ids[0].length) / inside));
}

/**
 * @param read what is wanted of the logits at the last position, (rows, vocab)
 * @returns what was read, computed
 */
export async function runEdges(
  pairs: RunPairs,
  rows: readonly EdgeRow[],
  read: (logits: MxArray) => MxArray,
): Promise<MxArray> {
  const { model, ids } = pairs;
  const interventions = corruptEdges(pairs, rows);
  const [found] = await lazyPass(model, [ids[0]], { interventions }, (trace) => [
    read(lastLogits(model, trace)),
  ]);
  return found;
}

function corruptEdges(pairs: RunPairs, rows: readonly EdgeRow[]): Interventions {
  const { graph } = pairs;
  const masks = graph.reads.map((read) => maskOf(graph, read, rows));
  return carryOther(pairs, rows.map(({ pair }) => pair), masks); // biome-ignore format: one call
}

/**
 * Runs in which what destinations read is moved towards what their sources wrote in the other run.
 *
 * @param numbers of the pair that each row belongs to
 * @param masks of each site that is read, how far: (rows, count, reach) from 0, as it is, to 1; undefined where nothing moves
 */
export function carryOther(
  { model, graph, clean, corrupted }: RunPairs,
  numbers: readonly number[],
  masks: readonly (MxArray | undefined)[],
): Interventions {
  const { reads, layers, heads } = graph;
  const row = mx.array([...numbers], mx.int32);
  const ofRows = (x: MxArray) => mx.take(x, row, 0);
  const start = reads.find((_, index) => masks[index])?.layer ?? layers;
  const begun = 1 + Math.min(start, layers) * (heads + 1);
  const other = ofRows(corrupted.writes);
  const differences = [mx.subtract(slice(other, 0, begun), slice(ofRows(clean.writes), 0, begun))];
  let written = begun;
  const wrote = (x: MxArray) => {
    const count = x.shape[1];
    differences.push(mx.subtract(slice(other, written, written + count), x));
    written += count;
  };
  const interventions: Record<string, Intervention> = {};
  const begin = start === layers ? `layers.${layers - 1}` : `layers.${start}.input`;
  const first = growsBatch(() => ofRows(clean.stream[start]));
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
      interventions[site] = () => norm(addDifferences(seen.stream!, differences, mask, read)); // attention read it before
    } else {
      interventions[site] = (x) => addDifferences(x, differences, mask, read);
    }
  }
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

/** Which of a site's sources each row corrupts, (rows, count, reach); undefined where none does. */
function maskOf(
  { destinations }: ComponentGraph,
  { first, count, reach }: ReadSite,
  rows: readonly EdgeRow[],
): MxArray | undefined {
  const mask = new Float32Array(rows.length * count * reach);
  let any = false;
  rows.forEach(({ corrupted }, row) => {
    for (let column = 0; column < count; column++) {
      for (let source = 0; source < reach; source++) {
        if (!corrupted[source * destinations.length + first + column]) continue;
        mask[(row * count + column) * reach + source] = 1;
        any = true;
      }
    }
  });
  return any ? fromFlat(mask, [rows.length, count, reach]) : undefined;
}

/** @param differences of the sources so far, each (rows, sources, position, hidden) */
function addDifferences(
  x: MxArray,
  differences: MxArray[],
  mask: MxArray,
  { kind, reach }: ReadSite,
): MxArray {
  if (differences.length > 1) differences.splice(0, differences.length, mx.concatenate(differences, 1)); // biome-ignore format: once
  const sources = slice(differences[0], 0, reach);
  const [rows, , length, hidden] = sources.shape;
  const added = mx.matmul(mask, sources.reshape([rows, reach, length * hidden]));
  const byColumn = added.reshape([rows, -1, length, hidden]);
  if (!readsByHead(kind)) return mx.add(x, byColumn.squeeze(1));
  return mx.add(x, byColumn.transpose(0, 2, 1, 3));
}

function slice(x: MxArray, from: number, to: number): MxArray {
  return x.shape[1] === to - from ? x : x.index(mx.Slice(), mx.Slice(from, to));
}
