/** What every component writes in a run. */
import type { ActivationCache } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import type { AnalysisModel } from "../shared/model.js";
import type { ComponentGraph, LayerWiring } from "./graph.js";
import { mlpParts, siteOf } from "./mlp-units.js";
import { headParts } from "./writes.js";

/** One batch of runs. */
export interface Outputs {
  /** (batch, source, position, hidden) */
  readonly writes: MxArray;
  /** The residual stream before each layer and after the last, (batch, position, hidden). */
  readonly stream: readonly MxArray[];
  /** What each MLP reads, before any norm, (batch, position, hidden). */
  readonly mlpReads: readonly MxArray[];
  /** What each attention adds, (batch, position, hidden). */
  readonly attention: readonly MxArray[];
  /** What each MLP adds, likewise. */
  readonly mlps: readonly MxArray[];
}

/** The sites that hold what components write, and what is read. */
function writeSites(wiring: readonly LayerWiring[]): string[] {
  return wiring.flatMap(({ writeWeight, mlpNorm = "own", units }, layer) => [
    ...["input", "selfAttn", "selfAttn.result", "mlp"].map((name) => `layers.${layer}.${name}`),
    ...(writeWeight ? [`layers.${layer}.selfAttn.postNorm.scale`] : []),
    ...(units?.sites ?? []).map((site) => siteOf(layer, site)),
    ...(mlpNorm === "own" ? [`layers.${layer}.postAttentionNorm.input`] : []),
    ...(mlpNorm === "none" ? [`layers.${layer}.mlp.input`] : []),
  ]);
}

/** @param ids prompts of one length */
export async function outputsOf(
  model: AnalysisModel,
  ids: readonly (readonly number[])[],
  { wiring, layers }: Pick<ComponentGraph, "wiring" | "layers">,
): Promise<Outputs> {
  const last = `layers.${layers - 1}`;
  const cache = await model.run(ids, { save: [...writeSites(wiring), last] });
  const each = (name: string) =>
    Array.from({ length: layers }, (_, layer) => cache.get(`layers.${layer}.${name}`));
  const readSites = { own: "postAttentionNorm.input", none: "mlp.input", shared: "input" } as const;
  return {
    writes: stackWrites(cache, wiring),
    stream: [...each("input"), cache.get(last)],
    mlpReads: wiring.map(({ mlpNorm = "own" }, layer) => cache.get(`layers.${layer}.${readSites[mlpNorm]}`)), // biome-ignore format: one list
    attention: each("selfAttn"),
    mlps: each("mlp"),
  };
}

function stackWrites(cache: ActivationCache, wiring: readonly LayerWiring[]): MxArray {
  const one = (site: string) => mx.expandDims(cache.get(site), 1);
  const parts = [one("layers.0.input")];
  wiring.forEach((of, layer) => {
    parts.push(headParts(cache, layer, of).transpose(0, 2, 1, 3));
    parts.push(mlpParts(cache, layer, of.units));
  });
  return mx.concatenate(parts, 1).astype(mx.float32);
}
