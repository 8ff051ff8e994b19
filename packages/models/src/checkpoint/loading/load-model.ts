/** Loads a model by name: the one that comes along, a folder, or one of the hub. */
import { type InterpretableModelCore, noteOrigin } from "@mlxterp/core";
import {
  brief,
  checkBoolean,
  checkOptions,
  checkRecord,
  checkText,
  InvalidArgumentError,
  type Module,
  type OptionNames,
} from "@mlxterp/mlx";
import { ModelKindError } from "../../errors.js";
import { familyOf } from "../../families/index.js";
import { headKindOf } from "../../headed-models/build-headed.js";
import type { HubOptions } from "../../hub/hub-model.js";
import { hubRules } from "../../hub/hub-rules.js";
import { LanguageModel } from "../../language-model/language-model.js";
import { readAdapter } from "../adapters/adapter-files.js";
import { type AdapterChoice, adapterList, checkAdapters } from "../adapters/adapter-spec.js";
import { attachAdapters, mergeAdapters } from "../adapters/apply-adapter.js";
import { type AdapterInUse, layerChanges } from "../adapters/layer-changes.js";
import { withReplaced } from "../adapters/replaced-source.js";
import { checkDtype, type WeightDtype } from "../files/weight-dtype.js";
import { createPacker, type QuantizeOptions } from "../quantization/layer-packer.js";
import { requireTrueCopies } from "../reading/tied-copies.js";
import { loadWeights } from "../reading/weights.js";
import { checkFields } from "./bounds.js";
import { buildModel } from "./build-model.js";
import { checkpointOrigin } from "./checkpoint-origin.js";
import { endTokens, readGenerationConfig } from "./generation-config.js";
import { locateAdapter, locateModel } from "./locate.js";
import { openCheckpoint } from "./open-checkpoint.js";

export interface LoadOptions extends HubOptions {
  /** What weights are computed with. Default: float32 on the CPU, as stored on Metal. */
  readonly dtype?: WeightDtype;
  /** Packs linear layers and embeddings while they are loaded. Default: as the checkpoint is. */
  readonly quantize?: QuantizeOptions;
  /**
   * A LoRA adapter in the layout of PEFT or mlx-lm, a folder or a hub id, or several with weights; they are added to the
   * model's weights unless they are `live`.
   */
  readonly adapter?: AdapterChoice;
  /** Keeps adapters beside the weights, as modules with sites of their own. Default: false. */
  readonly live?: boolean;
  /**
   * Reads each weight of safetensors files when it is first computed with, so that a look at the first layers reads no
   * others; until then the files must stay as they are. Default: false.
   */
  readonly lazy?: boolean;
}

/** A class of models, such as `MaskedLanguageModel`. */
export type ModelClass<T> = abstract new (...parts: never[]) => T;

type AnyModel = InterpretableModelCore<Module>;
type AnyOptions = LoadOptions & { readonly as?: ModelClass<AnyModel> };

function checkModelClass(argument: string, value: unknown): void {
  if (typeof value === "function" && typeof value.prototype === "object") return;
  const rule = `must be a class of models, such as MaskedLanguageModel, not ${brief(value)}.`;
  throw new InvalidArgumentError(argument, value, rule);
}

const optionNames: OptionNames<AnyOptions> = {
  ...{ dtype: checkDtype, quantize: checkRecord, adapter: checkAdapters, as: checkModelClass },
  ...{ live: checkBoolean, lazy: checkBoolean, ...hubRules },
};

/**
 * Loads a language model with its tokenizer.
 *
 * @param source `"tiny"`, which needs no network; a folder with `config.json` and weights in
 * safetensors or of torch; a GGUF file; or a hub id
 * @throws CheckpointNotFoundError (`CHECKPOINT_NOT_FOUND`), CorruptCheckpointError (`CORRUPT_CHECKPOINT`),
 * UnknownModelTypeError (`UNKNOWN_MODEL_TYPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`),
 * MissingWeightsError (`MISSING_WEIGHTS`), UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`),
 * WeightShapeError (`WEIGHT_SHAPE`), HubError (`HUB`), InvalidArgumentError (`INVALID_ARGUMENT`) for options that do not exist
 * @example
 * const model = await loadModel("tiny");
 * const cache = await model.run("Mary and John went to the store", { save: "layers.*" });
 */
export function loadModel(source: string, options?: LoadOptions): Promise<LanguageModel>;
/**
 * Loads a checkpoint of another architecture.
 *
 * @param options with the class to expect as `as`
 * @throws ModelKindError (`MODEL_KIND`) when the checkpoint holds another kind, and what `loadModel` throws otherwise
 * @example
 * const model = await loadModel("state-spaces/mamba-130m-hf", { as: RecurrentModel });
 */
export function loadModel<T extends AnyModel>(
  source: string,
  options: LoadOptions & { readonly as: ModelClass<T> },
): Promise<T>;
export async function loadModel(source: string, options: AnyOptions = {}): Promise<AnyModel> {
  checkOptions("loadModel", options, optionNames);
  checkText("source", source);
  const location = await locateModel(source, options);
  const adapters = await openAdapters(options);
  const found = withReplaced(
    openCheckpoint(location, source),
    adapters.map(({ adapter }) => adapter),
  );
  const { folder, json, config, packing, configText } = found;
  const { as: expected = LanguageModel } = options;
  const family = familyOf(json, config);
  checkFields(json, config, found.files.tensors);
  const { opened, ...built } = buildModel(family, found, expected);
  const { module, weights } = built;
  const packer = options.quantize && createPacker(module, options.quantize);
  // Other heads read no logits off a tied weight.
  if (!headKindOf(expected)) requireTrueCopies({ ...opened, module, table: weights });
  const { dtype, live = false, lazy } = options;
  const changes = await layerChanges(module, weights, adapters, dtype);
  const merge = changes.length > 0 && !live ? mergeAdapters(changes) : undefined;
  const reading = { dtype, packing, packer, merge, lazy, source: opened.source, config: json };
  const tensors = await loadWeights(module, weights, opened.files, reading);
  if (live) attachAdapters(module, changes);
  const added = adapters.map(({ name, adapter }) => ({ name, file: adapter.file }));
  noteOrigin(module, checkpointOrigin(module, opened, { location, ...options, added }));
  const packed = packing !== undefined;
  const generation = readGenerationConfig(folder);
  const model = built.open({
    name: source,
    generationDefaults: generation.defaults,
    tokenizer: opened.tokenizer(),
    eosTokens: endTokens(folder, json, config),
    notes: [...opened.notes, ...generation.notes],
    ...(configText !== undefined && {
      checkpoint: { folder, configText, tensors, packed, load: (name: string) => loadModel(name) },
    }),
  });
  if (model instanceof expected) return model;
  throw new ModelKindError(expected.name, model.constructor.name, config);
}

/** Those that are asked for, read, with what they are called. */
async function openAdapters(
  options: AnyOptions,
): Promise<(AdapterInUse & { readonly name: string })[]> {
  const used: (AdapterInUse & { readonly name: string })[] = [];
  for (const { source, weight } of adapterList(options.adapter)) {
    const adapter = readAdapter(await locateAdapter(source, options));
    used.push({ name: weight === 1 ? source : `${weight} × ${source}`, adapter, weight });
  }
  return used;
}
