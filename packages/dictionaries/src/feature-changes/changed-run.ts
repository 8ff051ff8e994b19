/**
 * A run of a model in which features of its transcoders are set to other values, and what became of it.
 *
 * The model itself runs: its own MLPs, to whose outputs is added what the changed features write more or less than before. How much else
 * may answer is a choice: nothing (attention, norms and MLPs are held, so that effects are the edges of a graph added up), all but where
 * attention looks, or everything. Source: Ameisen et al. 2025, "Circuit Tracing", section "Intervention experiments"; the three ways as
 * circuit-tracer's `feature_intervention`.
 */
import type { Intervention } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import type { DictionaryModel } from "../shared/model.js";
import { frozenSites, type TranscoderPlaces, transcoderPlaces } from "../transcoders/places.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";

/** What a feature shall be at one position. */
export interface FeatureChange {
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly value: number;
}

/** What keeps its value of the unchanged run. */
export type Held = "everything" | "patterns" | "nothing";

/** What one run says; arrays are lazy, and of one prompt. */
export interface ChangedRun {
  /** The logits of the next token, (vocab). */
  readonly logits: MxArray;
  /** What each layer's transcoder reads, (position, hidden). */
  readonly reads: readonly MxArray[];
}

/** The values of the unchanged run that changes are measured by, and that may be held. */
export interface Baseline extends ChangedRun {
  readonly ids: readonly number[];
  readonly features: readonly MxArray[]; // of each layer, (position, features)
  readonly held: ReadonlyMap<string, MxArray>; // patterns, scales, outputs of MLPs
  readonly places: TranscoderPlaces;
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for transcoders of another number of layers */
export async function baselineOf(
  model: DictionaryModel,
  transcoders: Transcoders,
  ids: readonly number[],
): Promise<Baseline> {
  const places = transcoderPlaces(model, transcoders);
  const { patterns, scales } = frozenSites(model);
  const kept = [...patterns, ...scales, ...places.writes];
  const save = [...new Set([...kept, ...places.reads, "output"])];
  using cache = await model.run([[...ids]], { save });
  const reads = places.reads.map((site) => cache.get(site).index(0).astype(mx.float32));
  return {
    ...{ ids, places, reads },
    logits: cache
      .get("output")
      .index(0, ids.length - 1)
      .astype(mx.float32),
    features: reads.map((x, layer) => transcoders.encode(layer, x)),
    held: new Map(kept.map((site) => [site, cache.get(site)])),
  };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no feature of them */
export async function changedRun(
  model: DictionaryModel,
  transcoders: Transcoders,
  baseline: Baseline,
  changes: readonly FeatureChange[],
  hold: Held,
): Promise<ChangedRun> {
  for (const change of changes) checkChange(change, transcoders, baseline.ids.length);
  const interventions = {
    ...heldValues(model, baseline, hold),
    ...changedWrites(transcoders, baseline, changes, hold),
  };
  const { reads } = baseline.places;
  const save = [...reads, "output"];
  using cache = await model.run([[...baseline.ids]], { save, interventions });
  return {
    logits: cache
      .get("output")
      .index(0, baseline.ids.length - 1)
      .astype(mx.float32),
    reads: reads.map((site) => cache.get(site).index(0).astype(mx.float32)),
  };
}

function heldValues(
  model: DictionaryModel,
  { held }: Baseline,
  hold: Held,
): Record<string, Intervention> {
  if (hold === "nothing") return {};
  const { patterns, scales } = frozenSites(model);
  const sites = hold === "everything" ? [...patterns, ...scales] : patterns;
  return Object.fromEntries(sites.map((site) => [site, () => held.get(site) as MxArray]));
}

/** What is known of a pass that is under way. */
interface Pass {
  readonly reads: MxArray[];
  readonly features: MxArray[];
  /** What changed features of a layer and those below write into it. */
  readonly pending: readonly MxArray[][];
}

/** To what each layer writes is added what its changed features, and those of layers below that write here too, write more. */
function changedWrites(
  transcoders: Transcoders,
  baseline: Baseline,
  changes: readonly FeatureChange[],
  hold: Held,
): Record<string, Intervention> {
  const pass: Pass = {
    ...{ reads: [...baseline.reads], features: [...baseline.features] },
    pending: baseline.reads.map(() => []),
  };
  const edits: Record<string, Intervention> = {};
  baseline.places.reads.forEach((site, layer) => {
    edits[site] = (x) => {
      pass.reads[layer] = x.index(0);
      if (hold !== "everything") pass.features[layer] = transcoders.encode(layer, x.index(0));
      return x;
    };
  });
  baseline.places.writes.forEach((site, layer) => {
    const own = changes.filter((change) => change.layer === layer);
    edits[site] = (y) => {
      addWrites(transcoders, own, pass.features[layer], pass.pending);
      const start = hold === "everything" ? heldWrite(transcoders, baseline, pass, layer) : y;
      return pass.pending[layer].reduce((sum, part) => mx.add(sum, part), start);
    };
  });
  return edits;
}

/** What a layer wrote in the unchanged run, and what goes round its features. */
function heldWrite(
  transcoders: Transcoders,
  { held, places, reads }: Baseline,
  pass: Pass,
  layer: number,
): MxArray {
  const before = held.get(places.writes[layer]) as MxArray;
  const skip = transcoders.skip(layer);
  if (!skip) return before;
  return mx.add(before, mx.matmul(mx.subtract(pass.reads[layer], reads[layer]), skip));
}

/** @param features of their layer as they are, (position, features) */
function addWrites(
  transcoders: Transcoders,
  changes: readonly FeatureChange[],
  features: MxArray,
  pending: readonly MxArray[][],
): void {
  const [positions] = features.shape;
  for (const { layer, position, feature, value } of changes) {
    const more = mx.subtract(value, features.index(position, feature));
    const here = mx.equal(mx.arange(0, positions, 1, mx.int32), mx.array(position, mx.int32));
    const amounts = mx.multiply(here.astype(mx.float32), more).reshape([1, positions, 1]);
    for (const { layer: written, directions } of transcoders.writes(layer)) {
      pending[written].push(mx.multiply(amounts, directions.index(feature)));
    }
  }
}

function checkChange(change: FeatureChange, transcoders: Transcoders, length: number): void {
  const { layer, position, feature, value } = change;
  const limits = { layer: transcoders.layers, feature: transcoders.features };
  for (const [name, limit] of Object.entries(limits)) {
    const given = change[name as "layer" | "feature"];
    if (Number.isInteger(given) && given >= 0 && given < limit) continue;
    throw new InvalidArgumentError(name, given, `there are 0 … ${limit - 1}.`);
  }
  if (!Number.isInteger(position) || position < 0 || position >= length) {
    throw new InvalidArgumentError("position", position, `there are 0 … ${length - 1}.`);
  }
  if (Number.isFinite(value)) return;
  throw new InvalidArgumentError(`value of feature ${layer}:${feature}`, value, "must be finite.");
}
