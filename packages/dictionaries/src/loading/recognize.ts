/** Which format lies at a place, by what is in it. */
import { basename } from "node:path";
import { readTensorHeader } from "@mlxterp/mlx";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryFormatError } from "../shared/errors.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { circuitTracerConfig, loadCircuitTracer } from "./circuit-tracer.js";
import { readCrosscoder } from "./crosscoder.js";
import { dictionaryLearningWeights, loadDictionaryLearning } from "./dictionary-learning.js";
import {
  type Fields,
  type Place,
  placeOf,
  readFields,
  type Tensors,
  tensorsOf,
  torchTensorsOf,
} from "./files.js";
import { loadGemmaScope } from "./gemma-scope.js";
import { loadLlamaScope } from "./llama-scope.js";
import { loadOpenai } from "./openai.js";
import type { LoadDictionaryOptions } from "./options.js";
import { loadSaelens, saelensWeights } from "./saelens.js";
import { loadSparsify, sparsifyWeights } from "./sparsify.js";

/** Whatever was found. */
export type Loaded =
  | { readonly kind: "dictionary"; readonly dictionary: Dictionary }
  | { readonly kind: "transcoders"; readonly transcoders: Transcoders }
  | { readonly kind: "crosscoder"; readonly crosscoder: Crosscoder };

/** @throws DictionaryFormatError (`DICTIONARY_FORMAT`) for what no format fits */
export function loadAny(path: string, options: LoadDictionaryOptions): Loaded {
  const { part, ...rest } = options;
  const place = placeOf(path);
  if (part !== undefined) return loadAny(partOf(place, part), rest);
  return readFolder(place, rest) ?? readFile(place, rest) ?? refuse(place);
}

function readFolder(place: Place, options: LoadDictionaryOptions): Loaded | undefined {
  const { names } = place;
  if (names.has("cfg.json") && names.has(saelensWeights)) return one(loadSaelens(place, options));
  if (names.has("cfg.json") && names.has(sparsifyWeights)) return one(loadSparsify(place, options));
  if (names.has(circuitTracerConfig)) {
    return { kind: "transcoders", transcoders: loadCircuitTracer(place, options) };
  }
  if (names.has("hyperparams.json") && names.has("checkpoints")) {
    const weights = placeOf(place.at("checkpoints")).at("final.safetensors");
    return one(loadLlamaScope(place.at("hyperparams.json"), weights, options));
  }
  if (!names.has("config.json")) return undefined;
  const fields = readFields(place.at("config.json"));
  if (names.has(saelensWeights)) {
    return one(loadLlamaScope(place.at("config.json"), place.at(saelensWeights), options));
  }
  if (names.has(dictionaryLearningWeights)) {
    return one(dictionaryLearning(place.at(dictionaryLearningWeights), fields, options));
  }
  for (const name of ["model.safetensors", "ae_final.pt"]) {
    if (names.has(name)) return crosscoder(place.at(name), fields, options);
  }
  return undefined;
}

/** A file by itself, or the only one of its kind in a folder. */
function readFile(place: Place, options: LoadDictionaryOptions): Loaded | undefined {
  const known = [...place.names].filter((name) => /\.(npz|pt|pth|safetensors)$/.test(name));
  const name =
    ["params.npz", "params.safetensors", "ae.pt", "ae_final.pt", "model.safetensors"].find(
      (usual) => place.names.has(usual),
    ) ?? (known.length === 1 ? known[0] : undefined);
  if (name === undefined) return undefined;
  const file = place.at(name);
  if (name.endsWith(".npz")) return gemmaScope(file, options);
  if (name.endsWith(".safetensors")) return readTensorsFile(file, options);
  const { tensors } = torchTensorsOf(file);
  if (isCrosscoder(tensors)) return crosscoder(file, {}, options);
  if (Object.hasOwn(tensors, "pre_bias")) return one(loadOpenai(file));
  return one(loadDictionaryLearning(file, undefined, options));
}

function readTensorsFile(file: string, options: LoadDictionaryOptions): Loaded | undefined {
  // Its tensors are called as those of Gemma Scope; what is done with them stands beside it.
  if (basename(file) === saelensWeights) throw new DictionaryFormatError(file, "its settings, cfg.json or config.json, are not beside it."); // biome-ignore format: one line
  const names = new Set(readTensorHeader(file).tensors.map(({ name }) => name));
  if (names.has("w_enc") || (names.has("W_enc") && names.has("threshold"))) {
    return gemmaScope(file, options);
  }
  return isCrosscoder(plain(tensorsOf(file))) ? crosscoder(file, {}, options) : undefined;
}

function gemmaScope(file: string, options: LoadDictionaryOptions): Loaded {
  const found = loadGemmaScope(file, options);
  return found instanceof Dictionary ? one(found) : { kind: "transcoders", transcoders: found };
}

function dictionaryLearning(
  file: string,
  { trainer }: Fields,
  options: LoadDictionaryOptions,
): Dictionary {
  const isObject = typeof trainer === "object" && trainer !== null;
  return loadDictionaryLearning(file, isObject ? (trainer as Fields) : undefined, options);
}

function crosscoder(file: string, fields: Fields, options: LoadDictionaryOptions): Loaded {
  const all = file.endsWith(".safetensors") ? tensorsOf(file) : torchTensorsOf(file).tensors;
  return { kind: "crosscoder", crosscoder: readCrosscoder(file, plain(all), fields, options) };
}

/** Without the prefix that torch.compile puts before names. */
function plain(tensors: Tensors): Tensors {
  const entries = Object.entries(tensors);
  return Object.fromEntries(
    entries.map(([name, array]) => [name.replace(/^_orig_mod\./, ""), array]),
  );
}

function isCrosscoder(tensors: Tensors): boolean {
  return tensors["encoder.weight"]?.ndim === 3 || tensors["_orig_mod.encoder.weight"]?.ndim === 3;
}

function one(dictionary: Dictionary): Loaded {
  return { kind: "dictionary", dictionary };
}

function partOf(place: Place, part: string): string {
  if (place.names.has(part)) return place.at(part);
  const names = [...place.names].sort().join(", ");
  throw new DictionaryFormatError(place.path, `it has no "${part}", only ${names || "nothing"}.`);
}

function refuse(place: Place): never {
  const names = [...place.names].sort().slice(0, 20).join(", ");
  const folders = "Where it holds a dictionary for each site, name one with { part }.";
  throw new DictionaryFormatError(
    place.path,
    `no known format fits ${names || "an empty folder"}. ${folders}`,
  );
}
