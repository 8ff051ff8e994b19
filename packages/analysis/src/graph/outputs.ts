/** What every component writes in a run, and whether the residual stream is their sum. */
import { type ActivationCache, notFiniteError } from "@mlxterp/core";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { NotASumError } from "../shared/errors.js";
import type { AnalysisModel } from "../shared/model.js";
import { type ComponentGraph, componentGraph } from "./graph.js";

/** The sites that hold what components write. */
const written = ["layers.0.input", "layers.*.selfAttn.result", "layers.*.mlp"] as const;

/** One batch of runs. */
export interface Outputs {
  /** (batch, source, position, hidden) */
  readonly writes: MxArray;
  /** The residual stream before each layer and after the last, (batch, position, hidden). */
  readonly stream: readonly MxArray[];
  /** What each MLP reads, (batch, position, hidden). */
  readonly mlpReads: readonly MxArray[];
}

/** @param ids prompts of one length */
export async function outputsOf(
  model: AnalysisModel,
  ids: readonly (readonly number[])[],
): Promise<Outputs> {
  const { layers } = model.anatomy;
  const last = `layers.${layers - 1}`;
  const cache = await model.run(ids, {
    save: [...written, "layers.*.input", "layers.*.postAttentionNorm.input", last],
  });
  const each = (name: string) =>
    Array.from({ length: layers }, (_, layer) => cache.get(`layers.${layer}.${name}`));
  return {
    writes: stackWrites(cache, layers),
    stream: [...each("input"), cache.get(last)],
    mlpReads: each("postAttentionNorm.input"),
  };
}

function stackWrites(cache: ActivationCache, layers: number): MxArray {
  const one = (site: string) => mx.expandDims(cache.get(site), 1);
  const parts = [one("layers.0.input")];
  for (let layer = 0; layer < layers; layer++) {
    parts.push(cache.get(`layers.${layer}.selfAttn.result`).transpose(0, 2, 1, 3));
    parts.push(one(`layers.${layer}.mlp`));
  }
  return mx.concatenate(parts, 1).astype(mx.float32);
}

/**
 * The graph of a model, after a look at one prompt: that its stream is the sum of what components write, and what its MLPs read.
 *
 * @throws NotASumError (`NOT_A_SUM`) for models that normalise what they add, or whose MLP cannot be given something of its own;
 *   UnknownSiteError (`UNKNOWN_SITE`) where heads cannot; NotFiniteError (`NOT_FINITE`), since NaN is no sum of anything
 */
export async function graphOf(
  model: AnalysisModel,
  ids: readonly number[],
): Promise<ComponentGraph> {
  const { layers } = model.anatomy;
  const names = new Set(model.sites().map(({ site }) => site));
  for (let layer = 0; layer < layers; layer++) {
    if (!names.has(`layers.${layer}.postAttentionNorm`)) {
      throw new NotASumError(layer, "its MLP reads what attention reads, through the same norm");
    }
  }
  const cache = await model.run([ids], {
    save: [
      ...written,
      "layers.*.selfAttn",
      "layers.*.input",
      "layers.*.residMid",
      "layers.*.postAttentionNorm.input",
      "layers.*",
      "layers.*.{qInput,kInput}",
    ],
  });
  const end = toFlat(cache.get(`layers.${layers - 1}`).astype(mx.float32));
  if (!end.every(Number.isFinite)) throw await notFiniteError("Activations", model, [ids]);
  const wiring = Array.from({ length: layers }, (_, layer) => ({
    parallel: checkLayer(cache, layer),
    kvHeads: cache.get(`layers.${layer}.kInput`).shape[2],
  }));
  return componentGraph(model, wiring);
}

/** @returns whether the MLP reads what attention reads */
function checkLayer(cache: ActivationCache, layer: number): boolean {
  const half = cache.get(`layers.${layer}`).dtype !== mx.float32;
  const near = (a: MxArray, b: MxArray) => apart(a, b) <= (half ? 1e-2 : 1e-4); // sums in another order
  const at = (name: string) => cache.get(`layers.${layer}${name}`).astype(mx.float32);
  const attention = at(".selfAttn");
  const rest = mx.subtract(attention, mx.sum(at(".selfAttn.result"), 2)); // the bias, if there is one
  const [batch, length, hidden] = rest.shape;
  const first = rest.index(mx.Slice(0, 1), mx.Slice(0, 1));
  const constant = mx.broadcastTo(first, [batch, length, hidden]);
  if (!near(mx.add(mx.subtract(attention, rest), constant), attention)) {
    throw new NotASumError(layer, "its attention normalises what its heads write together");
  }
  const [input, middle, output] = [at(".input"), at(".residMid"), at("")];
  const sum = mx.add(mx.add(input, attention), at(".mlp"));
  if (!near(sum, output) || !near(mx.add(input, attention), middle)) {
    throw new NotASumError(layer, "it normalises the residual stream itself");
  }
  const read = at(".postAttentionNorm.input");
  if (near(read, middle)) return false;
  if (near(read, input)) return true;
  throw new NotASumError(layer, "its MLP reads neither the stream before attention nor after it");
}

/** The largest difference, relative to the largest number. */
function apart(a: MxArray, b: MxArray): number {
  const [difference, first, second] = toFlat(
    mx.stack([mx.subtract(a, b), a, b].map((x) => mx.max(mx.abs(x)))),
  );
  return difference / Math.max(first, second, 1e-6);
}
