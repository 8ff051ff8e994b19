/** Where in a model a dictionary reads and writes. */
import { checkText, InvalidArgumentError } from "@mlxterp/mlx";
import type { DictionaryConfig } from "../dictionary/config.js";
import { type DictionaryModel, ownSite } from "../shared/model.js";

/** Hooks of the libraries that have no name of TransformerLens among this library's sites. */
const others: Readonly<Record<string, string>> = {
  "mlp.hook_in": "postAttentionNorm",
  "mlp.hook_out": "mlp",
  "attn.hook_out": "selfAttn",
};

/** Any of the names that dictionaries' files use, as one of this library's. */
export function siteOfName(name: string): string {
  const [, layer, hook] = /^blocks\.(\d+)\.(.+)$/.exec(name) ?? [];
  if (layer === undefined) return name.replace(/^(?:[A-Za-z_]\w*\.)+(?=layers\.\d)/, "");
  return Object.hasOwn(others, hook) ? `layers.${layer}.${others[hook]}` : name;
}

/** Where a dictionary reads. */
export function readSite(
  model: DictionaryModel,
  { site }: Pick<DictionaryConfig, "site">,
  given?: string,
): string {
  const name = given ?? site;
  if (given !== undefined) checkText("site", given);
  if (name !== undefined) return ownSite(model, siteOfName(name));
  const rule = "the dictionary's files do not say where it belongs; name a site of the model.";
  throw new InvalidArgumentError("site", given, rule);
}

/** Where a dictionary writes: what it reads, or what a transcoder predicts. */
export function writeSite(
  model: DictionaryModel,
  config: DictionaryConfig,
  given?: string,
): string {
  const { kind, outputSite } = config;
  const transcodes = kind === "transcoder" && outputSite !== undefined;
  return transcodes ? ownSite(model, siteOfName(outputSite)) : readSite(model, config, given);
}

/** Where it is spliced in, and whether it then reads what that module gives or what it is given. */
export interface SplicePlace {
  readonly site: string;
  readonly from: "output" | "input";
}

/** The module whose output a dictionary gives back or predicts. */
export function spliceSite(
  model: DictionaryModel,
  config: DictionaryConfig,
  given?: string,
): SplicePlace {
  if (config.kind === "transcoder") return transcoderPlace(model, config, given);
  const site = readSite(model, config, given);
  const layer = /^layers\.(\d+)\.input$/.exec(site)?.[1];
  if (layer === undefined) return { site, from: "output" };
  // what a layer reads is what the one before it gave
  return { site: layer === "0" ? "embedTokens" : `layers.${Number(layer) - 1}`, from: "output" };
}

/** A transcoder stands in the place of the module whose input it reads. */
function transcoderPlace(
  model: DictionaryModel,
  { site, outputSite }: DictionaryConfig,
  given?: string,
): SplicePlace {
  if (given !== undefined) checkText("site", given);
  const name = given ?? outputSite ?? site;
  if (name === undefined)
    throw new InvalidArgumentError("site", name, "name the module it predicts.");
  const place = ownSite(model, siteOfName(name)).replace(/\.input$/, "");
  const reads = site === undefined ? `${place}.input` : ownSite(model, siteOfName(site));
  const layer = /^layers\.\d+/.exec(place)?.[0];
  const same = [`${place}.input`, `${layer}.postAttentionNorm`].includes(reads);
  if (same && place === `${layer}.mlp`) return { site: place, from: "input" };
  if (reads === `${place}.input`) return { site: place, from: "input" };
  const rule = `it reads ${reads}, which is not what ${place} reads; evaluate it, or draw its graph.`;
  throw new InvalidArgumentError("site", name, rule);
}
