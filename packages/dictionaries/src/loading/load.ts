/** Loads dictionaries that others have published, or that were trained here. */
import { checkOptions } from "@mlxterp/mlx";
import type { Crosscoder } from "../crosscoder/crosscoder.js";
import type { Dictionary } from "../dictionary/dictionary.js";
import { DictionaryFormatError } from "../shared/errors.js";
import { shippedFolder } from "../shipped/shipped.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { type LoadDictionaryOptions, loadRules } from "./options.js";
import { type Loaded, loadAny } from "./recognize.js";

/**
 * A sparse autoencoder or transcoder, recognised by what lies at the path: SAELens (any version), Gemma Scope, sparsify,
 * dictionary_learning, Llama Scope, OpenAI. Nothing in the files is run.
 *
 * @param path a folder or a file; `tiny` is the one that ships
 * @throws DictionaryFormatError (`DICTIONARY_FORMAT`), UnknownDictionaryFieldError (`UNKNOWN_DICTIONARY_FIELD`),
 * DictionaryShapeError (`DICTIONARY_SHAPE`), CorruptFileError (`CORRUPT_FILE`), UnsupportedFileError (`UNSUPPORTED_FILE`),
 * FileAccessError (`FILE_ACCESS`)
 * @example
 * const { config } = loadDictionary("tiny");
 * config.site; // "blocks.2.hook_resid_post"
 */
export function loadDictionary(path: string, options: LoadDictionaryOptions = {}): Dictionary {
  const loaded = load("loadDictionary", shippedFolder("dictionary", path), options);
  if (loaded.kind === "dictionary") return loaded.dictionary;
  throw otherKind(path, loaded.kind);
}

/**
 * Transcoders of all layers, in circuit-tracer's layout: one for each layer, or such as write to all later ones.
 *
 * @param path a folder; `tiny` are those that ship
 * @throws as `loadDictionary`
 * @example
 * loadTranscoders("tiny").layers; // 4
 */
export function loadTranscoders(path: string, options: LoadDictionaryOptions = {}): Transcoders {
  const loaded = load("loadTranscoders", shippedFolder("transcoders", path), options);
  if (loaded.kind === "transcoders") return loaded.transcoders;
  throw otherKind(path, loaded.kind);
}

/**
 * A crosscoder in the layout of science-of-finetuning.
 *
 * @param path a folder or a file; `tiny` is the one that ships, of two layers of the model tiny
 * @throws as `loadDictionary`
 * @example
 * loadCrosscoder("tiny").relativeNorm().shape; // [128]
 */
export function loadCrosscoder(path: string, options: LoadDictionaryOptions = {}): Crosscoder {
  const loaded = load("loadCrosscoder", shippedFolder("crosscoder", path), options);
  if (loaded.kind === "crosscoder") return loaded.crosscoder;
  throw otherKind(path, loaded.kind);
}

function load(of: string, folder: string, options: LoadDictionaryOptions): Loaded {
  checkOptions<LoadDictionaryOptions>(of, options, loadRules);
  return loadAny(folder, options);
}

const loaders = {
  dictionary: ["one dictionary", "loadDictionary"],
  transcoders: ["transcoders of several layers", "loadTranscoders"],
  crosscoder: ["a crosscoder", "loadCrosscoder"],
} as const;

function otherKind(path: string, kind: Loaded["kind"]): DictionaryFormatError {
  const [what, loader] = loaders[kind];
  return new DictionaryFormatError(path, `it holds ${what}; use ${loader}.`);
}
