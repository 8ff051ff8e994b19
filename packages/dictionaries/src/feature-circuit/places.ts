/** A model with dictionaries spliced in at their places, in the order in which a pass reaches them. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { Dictionary } from "../dictionary/dictionary.js";
import { loadDictionary, loadTranscoders } from "../loading/load.js";
import type { DictionaryModel } from "../shared/model.js";
import { checkShipped } from "../shipped/shipped.js";
import { TranscoderSet } from "../transcoders/transcoder-set.js";
import { siteOfName } from "../use/sites.js";
import { featureSite, spliceDictionary } from "../use/splice-dictionary.js";
import type { AskedFeatureCircuit } from "./options.js";

/** One dictionary in its place. */
export interface SplicedPlace {
  /** What it stands at: `layers.2`. */
  readonly site: string;
  readonly features: string;
  readonly error: string;
  readonly count: number;
}

export interface SplicedModel {
  readonly view: DictionaryModel;
  readonly places: readonly SplicedPlace[];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for none, or two at one place */
export function splicedModel(model: DictionaryModel, asked: AskedFeatureCircuit): SplicedModel {
  checkShipped(model, "transcoders", asked.transcoders, ', or "none" beside dictionaries');
  for (const path of asked.dictionaries) checkShipped(model, "dictionary", path);
  const dictionaries = [
    ...transcodersOf(asked.transcoders),
    ...asked.dictionaries.map((path) => loadDictionary(path)),
  ];
  if (dictionaries.length === 0) {
    const rule = "name dictionaries, or transcoders of all layers.";
    throw new InvalidArgumentError("dictionaries", asked.dictionaries, rule);
  }
  const places = dictionaries.map((one) => placeOf(model, one)).sort(byOrder);
  const twice = places.find(({ site }, at) => places[at + 1]?.site === site);
  if (twice) {
    const rule = `two of them stand at ${twice.site}; splice one.`;
    throw new InvalidArgumentError("dictionaries", asked.dictionaries, rule);
  }
  const view = dictionaries.reduce((part, one) => spliceDictionary(part, one), model);
  return { view, places };
}

function transcodersOf(path: string): readonly Dictionary[] {
  if (path === "none") return [];
  const found = loadTranscoders(path);
  if (!(found instanceof TranscoderSet)) {
    const rule = "those across layers stand in no one place; draw their graph instead.";
    throw new InvalidArgumentError("transcoders", path, rule);
  }
  const { input, output } = found.sites;
  return found.transcoders.map(({ config, weights }, layer) => {
    const [site, outputSite] = [input, output].map((hook) => siteOfName(`blocks.${layer}.${hook}`));
    return new Dictionary({ ...config, site, outputSite }, weights);
  });
}

function placeOf(model: DictionaryModel, dictionary: Dictionary): SplicedPlace {
  const features = featureSite(model, dictionary);
  const site = features.replace(/\.inserted\.features$/, "");
  return { site, features, error: `${site}.error`, count: dictionary.config.features };
}

/** By layer; inside of one, what it gives comes last. */
function byOrder(a: SplicedPlace, b: SplicedPlace): number {
  const place = ({ site }: SplicedPlace) => {
    const [, layer = "-1", part = ""] = /^layers\.(\d+)(.*)$/.exec(site) ?? [];
    const inside = ["selfAttn", "mlp"].findIndex((name) => part.startsWith(`.${name}`));
    return Number(layer) * 4 + (part === "" ? 3 : inside + 1);
  };
  return place(a) - place(b);
}
