/** Makes the model that a checkpoint describes, without weights. */
import { MlxterpError } from "@mlxterp/mlx";
import type { BuiltModule } from "../../building/built-module.js";
import { Decoder } from "../../decoder/model/decoder.js";
import { ModelKindError, UnsupportedConfigError } from "../../errors.js";
import { type Family, type ModuleFamily, weightsOf } from "../../families/shared/family.js";
import { blamingFields } from "../../families/shared/fields-at-fault.js";
import { type BuiltHeaded, buildHeaded, headKindOf } from "../../headed-models/build-headed.js";
import { EmbeddingModel } from "../../headed-models/embedding-model.js";
import { decoderClassifier, type Headable } from "../../heads/headable.js";
import { HeadedDecoder } from "../../heads/headed-body.js";
import { LanguageModel } from "../../language-model/language-model.js";
import type { OpenedCheckpoint } from "../opened-checkpoint.js";
import type { WeightTable } from "../table/weight-table.js";
import { checkDescription } from "./bounds.js";

/**
 * @param expected the class that was asked for
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`), ModelKindError (`MODEL_KIND`)
 */
export function buildModel(
  family: Family | ModuleFamily,
  opened: OpenedCheckpoint,
  expected: unknown,
): BuiltHeaded {
  const kind = headKindOf(expected);
  if (!kind) {
    const built = build(family, opened);
    return { ...built, weights: inWrapper(built.weights, opened), opened };
  }
  const other = "build" in family ? "model of another kind" : LanguageModel.name;
  const built = buildHeaded(kind, headableOf(family, opened), opened, other);
  return { ...built, weights: inWrapper(built.weights, opened) };
}

function build(family: Family | ModuleFamily, opened: OpenedCheckpoint): BuiltModule {
  const { json, config: file, files } = opened;
  if ("build" in family) return possible(json, file, () => family.build(json, file, files.tensors));
  const { config, weights } = describeDecoder(family, opened);
  if (config.bothWays) throw new ModelKindError(LanguageModel.name, EmbeddingModel.name, file);
  const decoder = blamingFields(json, file, () => new Decoder(config));
  const open: BuiltModule["open"] = (parts) => new LanguageModel(decoder, { config, ...parts });
  return { module: decoder, open, weights };
}

/** A length that no array has is an error of MLX, which knows nothing of the file. */
function possible<T>(json: unknown, file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const isOfMlx = error instanceof Error && /^\[\w+\] /.test(error.message);
    if (!isOfMlx || MlxterpError.isInstance(error)) throw error;
    const [[field, value] = ["the file", json]] = Object.entries(json ?? {})
      .filter(([, given]) => typeof given === "number")
      .toSorted(([, a], [, b]) => b - a);
    const rule = `The sizes of the file multiply to lengths that no array can have (${error.message})`;
    throw new UnsupportedConfigError(field, value, file, rule);
  }
}

function describeDecoder(family: Family, { json, config: file, table, files }: OpenedCheckpoint) {
  const config = family.describe(json, file);
  checkDescription(config, file, files.tensors);
  return { config, weights: table?.(config) ?? weightsOf(family, config) };
}

function headableOf(family: Family | ModuleFamily, opened: OpenedCheckpoint): Headable {
  const { json, config: file } = opened;
  if (!("build" in family)) {
    const described = describeDecoder(family, opened);
    const create: Headable["create"] = (head) =>
      blamingFields(json, file, () => new HeadedDecoder(described.config, head));
    return { ...described, create, classifier: decoderClassifier };
  }
  const headable = family.headable?.(json, file);
  if (headable) return headable;
  const rule = "No other head can stand on layers of this family.";
  throw new UnsupportedConfigError("model_type", family.modelType, file, rule);
}

function inWrapper(table: WeightTable, { unwrapped }: OpenedCheckpoint): WeightTable {
  if (!unwrapped) return table;
  const { prefix, others } = unwrapped;
  return { ...table, wrapper: prefix, ignored: [...table.ignored, others] };
}
