/** Where transcoders of all layers read and write in a model, and what is held there so that the rest is linear. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { type DictionaryModel, ownSite } from "../shared/model.js";
import { siteOfName } from "../use/sites.js";
import type { Transcoders } from "./transcoder-set.js";

/** One site for each layer. */
export interface TranscoderPlaces {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for transcoders of another number of layers */
export function transcoderPlaces(
  model: DictionaryModel,
  transcoders: Transcoders,
): TranscoderPlaces {
  const { layers } = model.anatomy;
  if (transcoders.layers !== layers) {
    const rule = `they are of ${transcoders.layers} layers, and this model has ${layers}.`;
    throw new InvalidArgumentError("transcoders", transcoders.layers, rule);
  }
  const each = Array.from({ length: layers }, (_, layer) => layer);
  const own = (layer: number, hook: string) =>
    ownSite(model, siteOfName(`blocks.${layer}.${hook}`));
  const { input, output } = transcoders.sites;
  return {
    reads: each.map((layer) => own(layer, input)),
    writes: each.map((layer) => own(layer, output)),
  };
}

/**
 * The patterns of attention, and the denominators of norms outside of MLPs.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a model of which more than that and its MLPs is not linear
 */
export function frozenSites(model: DictionaryModel): {
  readonly patterns: readonly string[];
  readonly scales: readonly string[];
} {
  const sites = model.sites().map(({ site }) => site);
  if (sites.includes("layers.0.embeddingWrite")) {
    const rule = "its layers write of embeddings of their own, through a nonlinearity that no transcoder stands for."; // biome-ignore format: one line
    throw new InvalidArgumentError("model", model.name, rule);
  }
  return {
    patterns: sites.filter((site) => site.endsWith(".pattern")),
    scales: sites.filter((site) => site.endsWith(".scale") && !site.includes(".mlp.")),
  };
}
