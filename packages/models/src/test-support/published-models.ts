/** Published models as their config.json files describe them, from each family's `published.json`. */

import { existsSync, readFileSync } from "node:fs";
import { listParameters } from "@mlxterp/mlx";
import { takePacking } from "../checkpoint/quantization/packing-config.js";
import { unwrap } from "../checkpoint/wrappers/unwrap.js";
import type { DecoderConfig, LayerConfig } from "../decoder/config/config.js";
import { Decoder } from "../decoder/model/decoder.js";
import { ropeFrequencies } from "../decoder/positions/rope-frequencies.js";
import { families, familyOf } from "../families/index.js";

type Fields = Readonly<Record<string, unknown>>;

/** How positions turn: how many pairs, the first, the middle and the last wave number, and what multiplies vectors. */
export interface Turning {
  readonly pairs: number;
  readonly waves: readonly number[];
  readonly factor: number;
}

/** What `transformers` makes of a config; see `references/published.py`. */
interface Made {
  readonly parameters: number;
  readonly rotation?: Readonly<Record<string, Turning>>;
}

interface PublishedModel {
  readonly modelType: string;
  readonly name: string;
  readonly json: Fields;
  /** Absent where `transformers` refuses the file. */
  readonly is: Made | undefined;
  readonly refused: string | undefined;
}

interface PublishedEntry {
  readonly config: Fields;
  /** Another model of the file, whose fields this one's are put on top of. */
  readonly like?: string;
  readonly is?: Made;
  /** The field that the file is refused for. */
  readonly refused?: string;
}

interface PublishedFile {
  readonly all: Fields;
  readonly models: Readonly<Record<string, PublishedEntry>>;
}

/** The models of one file; a wrapper's say what they are. */
function modelsIn(modelType: string, folder: string): PublishedModel[] {
  const file = new URL(`../${folder}/published.json`, import.meta.url);
  if (!existsSync(file)) return [];
  const { all, models }: PublishedFile = JSON.parse(readFileSync(file, "utf8"));
  return Object.entries(models).map(([name, { config, like, is, refused }]) => ({
    ...{ modelType, name, is, refused },
    json: { model_type: modelType, ...all, ...(like && models[like].config), ...config },
  }));
}

export const publishedModels: readonly PublishedModel[] = [
  ...families.flatMap(({ modelType }) => modelsIn(modelType, `families/${modelType}`)),
  ...modelsIn("wrappers", "checkpoint/wrappers"),
];

/** A config.json as the loader reads it, without weights: what the model would be. */
export function readPublished(json: unknown): Made {
  const { rest } = takePacking(json, "config.json");
  const text = unwrap(rest, "config.json", [])?.json ?? rest;
  const family = familyOf(text, "config.json");
  if ("build" in family) {
    const { module } = family.build(text, "config.json");
    return { parameters: sizeOf([...listParameters(module).values()]) };
  }
  const config = family.describe(text, "config.json");
  return { parameters: parametersOf(config), rotation: turningOf(config) };
}

const sizeOf = (arrays: readonly { readonly size: number }[]) =>
  arrays.reduce((sum, { size }) => sum + size, 0);

/** Layers that are alike are counted as often as there are, and made once. */
function parametersOf(config: DecoderConfig): number {
  const kinds = new Map<string, { layer: LayerConfig; times: number }>();
  for (const layer of config.layers) {
    const key = JSON.stringify(layer);
    kinds.set(key, { layer, times: (kinds.get(key)?.times ?? 0) + 1 });
  }
  const distinct = [...kinds.values()];
  const names = [...kinds.keys()];
  const layers = distinct.map(({ layer }): LayerConfig => {
    const { keysOf } = layer.attention;
    if (keysOf === undefined) return layer;
    const source = names.indexOf(JSON.stringify(config.layers[keysOf]));
    return { ...layer, attention: { ...layer.attention, keysOf: source } };
  });
  const decoder = new Decoder({ ...config, layers });
  const missing = config.layers.length / layers.length; // tables with a part for every layer
  const sizes = [...listParameters(decoder)].map(([path, { size }]) => {
    const layer = /^layers\.(\d+)\./.exec(path)?.[1];
    if (/^perLayer\.(table|projection)\./.test(path)) return { size: size * missing };
    return { size: layer === undefined ? size : size * distinct[Number(layer)].times };
  });
  return sizeOf(sizes);
}

/** Of each kind of layer that turns, by its description. */
function turningOf({ layers }: DecoderConfig): Record<string, Turning> {
  const turning = layers.flatMap(({ attention: { rope } }) => (rope ? [rope] : []));
  const found = turning.map((rope): [string, Turning] => {
    const waves = [...ropeFrequencies(rope, 1)];
    const { scaling } = rope;
    const factor = scaling && "attentionFactor" in scaling ? scaling.attentionFactor : 1;
    const three = [waves[0], waves[waves.length >> 1], waves[waves.length - 1]];
    return [JSON.stringify(rope), { pairs: waves.length, waves: three, factor }];
  });
  return Object.fromEntries(found);
}
