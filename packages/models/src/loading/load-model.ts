/** Loads a model by name: the one that comes along, a folder, or one of the hub. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Decoder } from "../decoder/decoder.js";
import { CheckpointNotFoundError } from "../errors.js";
import { readEndTokens } from "../families/config-json.js";
import { familyOf } from "../families/index.js";
import { fetchHubModel, type HubOptions } from "../hub/hub-model.js";
import { LanguageModel } from "../language-model.js";
import { loadTokenizer } from "../tokenizer/tokenizer.js";
import { findCheckpointFiles } from "./checkpoint-files.js";
import { readJsonFile } from "./json-file.js";
import { loadWeights, type WeightDtype } from "./weights.js";

export interface LoadOptions extends HubOptions {
  /** What weights are computed with. Default: float32 on the CPU, as stored on Metal. */
  readonly dtype?: WeightDtype;
}

const bundled = ["tiny"];
const hubId = /^[\w-][\w.-]*(\/[\w-][\w.-]*)?$/;

/**
 * Loads a language model with its tokenizer.
 *
 * @param source `"tiny"`, which needs no network; a folder with `config.json` and safetensors weights; or a hub id
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnknownModelTypeError (`UNKNOWN_MODEL_TYPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`),
 * MissingWeightsError (`MISSING_WEIGHTS`), UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`),
 * WeightShapeError (`WEIGHT_SHAPE`), HubError (`HUB`)
 * @example
 * const model = await loadModel("tiny");
 * const cache = await model.run("Mary and John went to the store", { save: "layers.*" });
 */
export async function loadModel(source: string, options: LoadOptions = {}): Promise<LanguageModel> {
  const files = findCheckpointFiles(await locate(source, options), source);
  const json = readJsonFile(files.config);
  const family = familyOf(json, files.config);
  const config = family.describe(json, files.config);
  const decoder = new Decoder(config);
  await loadWeights(decoder, family.weights, files, options.dtype);
  return new LanguageModel(decoder, {
    config,
    name: source,
    tokenizer: loadTokenizer(files.folder),
    eosTokens: endTokens(files.folder, json, files.config),
  });
}

async function locate(source: string, options: LoadOptions): Promise<string> {
  if (bundled.includes(source)) return bundledFolder(source);
  if (existsSync(source)) return source;
  if (hubId.test(source)) return fetchHubModel(source, options);
  throw new CheckpointNotFoundError(
    source,
    [source],
    `Name a folder, a hub id such as "org/name", or ${bundled.join(", ")}.`,
  );
}

/** `weights/<name>` of this package: the same distance from its sources as from its build, or nearly. */
function bundledFolder(name: string): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json")) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return join(folder, "weights", name);
}

/** `generation_config.json` may know ends of a turn that `config.json` lacks. */
function endTokens(folder: string, json: unknown, file: string): readonly number[] {
  const generation = join(folder, "generation_config.json");
  const refined = existsSync(generation) ? readEndTokens(readJsonFile(generation), generation) : [];
  return refined.length > 0 ? refined : readEndTokens(json, file);
}
