/** What each layer and head of another model makes of what it gets here: differences that it makes itself, and not those it is handed. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { lazyPass } from "../shared/lazy-pass.js";
import { range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { meanDistance } from "./distances.js";

/** What this model read and wrote. */
export interface OwnRun {
  /** Into layer 0, (position, hidden). */
  readonly embedded: MxArray;
  /** After each layer, (position, hidden). */
  readonly streams: readonly MxArray[];
  /** Of each layer that attends, (position, heads, headDim). */
  readonly heads: readonly MxArray[];
}

export interface OwnChanges {
  /** Of the embedding, then of each layer: ‖other − this‖ / ‖this‖, the mean over positions. */
  readonly layers: number[];
  /** Of each head of each layer that attends. */
  readonly heads: number[];
}

/** One pass of the other model in which every layer gets this model's stream. */
export async function ownChanges(
  other: AnalysisModel,
  ids: readonly number[],
  { embedded, streams, heads }: OwnRun,
  attending: readonly number[],
): Promise<OwnChanges> {
  const inputs = [embedded, ...streams.slice(0, -1)];
  const interventions = Object.fromEntries(
    inputs.map((input, layer) => [`layers.${layer}.input`, (x: MxArray) => mx.expandDims(input, 0).astype(x.dtype)]), // biome-ignore format: one entry
  );
  const sites = range(streams.length).map((layer) => `layers.${layer}`);
  const mixed = attending.map((layer) => `layers.${layer}.selfAttn.z`);
  const far = await lazyPass(other, [[...ids]], { interventions }, (trace) => {
    const read = (site: string) => trace.at(site).value.index(0).astype(mx.float32);
    return [
      ...sites.map((site, layer) => meanDistance(streams[layer], read(site))),
      ...mixed.map((site, at) => meanDistance(heads[at], read(site))),
    ];
  });
  const [start] = await lazyPass(other, [[...ids]], {}, (trace) => [
    meanDistance(embedded, trace.at("layers.0.input").value.index(0).astype(mx.float32)),
  ]);
  const numbers = (list: readonly MxArray[]) => list.flatMap((one) => Array.from(toFlat(one), Number)); // biome-ignore format: one line
  return {
    layers: numbers([start, ...far.slice(0, sites.length)]),
    heads: numbers(far.slice(sites.length)),
  };
}
