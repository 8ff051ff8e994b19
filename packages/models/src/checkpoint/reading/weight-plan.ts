/** Checks a checkpoint's tensors against a module, from the headers alone; strict in both directions. */
import { listParameters, type Module, type MxArray, UnsupportedDtypeError } from "@mlxterp/mlx";
import {
  CorruptCheckpointError,
  MissingWeightsError,
  UnexpectedWeightsError,
  WeightShapeError,
} from "../../errors.js";
import { fieldsBehind } from "../../families/shared/fields-at-fault.js";
import type { CheckpointFiles } from "../files/checkpoint-files.js";
import type { Packing } from "../quantization/packing-config.js";
import { findTarget, type WeightTable, type WeightTarget } from "../table/weight-table.js";
import { type StoredTensor, storedTensors } from "./packed-entries.js";
import { missingOf, pieceName } from "./stacks.js";

const floating = ["F32", "F16", "BF16"];

interface PlanOptions {
  readonly packing?: Packing;
  readonly config?: unknown;
}

/** A tensor and the parameters it becomes. */
export interface PlannedTensor {
  readonly stored: StoredTensor;
  readonly target: WeightTarget;
}

/**
 * Decides where every tensor goes.
 *
 * @param options how the file has packed weights, and its config, for messages
 * @throws CorruptCheckpointError (`CORRUPT_CHECKPOINT`), UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`), MissingWeightsError (`MISSING_WEIGHTS`),
 * WeightShapeError (`WEIGHT_SHAPE`), UnsupportedDtypeError (`UNSUPPORTED_DTYPE`)
 */
export function planWeights(
  module: Module,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights" | "absent">,
  { packing, config }: PlanOptions = {},
): PlannedTensor[] {
  const parameters = listParameters(module);
  requirePromised(table, files, parameters);
  const plan: PlannedTensor[] = [];
  const unexpected: string[] = [];
  const filled = new Set<string>();
  const inPieces = new Set<string>();
  for (const stored of storedTensors(files.tensors, packing)) {
    const target = findTarget(table, stored.entry.name);
    if (target === "ignored" || isTiedHead(target, parameters)) continue;
    if (!target || !hasPlace(target, parameters, filled)) {
      unexpected.push(stored.entry.name);
      continue;
    }
    for (const path of target.parameters) {
      filled.add(pieceName(path, target.piece));
      if (target.piece !== undefined) inPieces.add(path);
    }
    plan.push({ stored, target });
  }
  if (unexpected.length > 0) {
    throw new UnexpectedWeightsError(unexpected, files.weights, otherHead(unexpected));
  }
  const missing = [...parameters].flatMap(([path, array]) =>
    missingOf(path, array, filled, inPieces.has(path)),
  );
  if (missing.length > 0)
    throw new MissingWeightsError(missing, files.weights, withoutHead(missing));
  for (const planned of plan) checkTensor(planned, parameters, config);
  return plan;
}

const classifiers = /^(score|classifier|pre_classifier)\b/;
const headOfOthers =
  /^(classification_head|qa_outputs|v_head|value_head|reward_head|regression_head)\b/;

/** Heads of models that predict something else than the next token, which have a decoder under them all the same. */
function otherHead(names: readonly string[]): string | undefined {
  const classifier = names.find((name) => classifiers.test(name));
  if (classifier) {
    return `${classifier} is the head of a classifier or a reward model: load it with { as: SequenceClassifier }, or { as: TokenClassifier } where it classifies tokens.`;
  }
  const head = names.find((name) => headOfOthers.test(name));
  if (!head) return undefined;
  return `${head} is a head that is not implemented. Load the language model that it was made from, or its layers with { as: EmbeddingModel }.`;
}

/** Where nothing but the head is missing. */
function withoutHead(missing: readonly string[]): string | undefined {
  if (!missing.every((path) => /^(lmHead|head)\./.test(path))) return undefined;
  return "The file has layers without a head for tokens, as embedding models do: load it with { as: EmbeddingModel }.";
}

/** What an index promises in vain only matters where the model has a place for it. */
function requirePromised(
  table: WeightTable,
  { absent = [], weights }: Pick<CheckpointFiles, "weights" | "absent">,
  parameters: ReadonlyMap<string, MxArray>,
): void {
  for (const { name, shard } of absent) {
    const target = findTarget(table, name);
    if (!target || target === "ignored" || isTiedHead(target, parameters)) continue;
    if (!hasPlace(target, parameters, new Set())) continue;
    throw new CorruptCheckpointError(shard, `${weights} promises "${name}" in it`);
  }
}

/** Whether every parameter exists and nothing fills it yet. */
function hasPlace(
  { parameters: paths, piece }: WeightTarget,
  parameters: ReadonlyMap<string, MxArray>,
  filled: ReadonlySet<string>,
): boolean {
  return paths.every((path) => {
    const parameter = parameters.get(path);
    const within = piece === undefined || piece < (parameter?.shape[0] ?? 0);
    return parameter !== undefined && within && !filled.has(pieceName(path, piece));
  });
}

/** Files of tied models may hold the head once more; it is the embedding matrix, as in `transformers`. */
function isTiedHead(
  target: WeightTarget | undefined,
  parameters: ReadonlyMap<string, MxArray>,
): boolean {
  return target?.parameters[0] === "lmHead.weight" && !parameters.has("lmHead.weight");
}

function checkTensor(
  { stored, target }: PlannedTensor,
  parameters: ReadonlyMap<string, MxArray>,
  config: unknown,
): void {
  const { entry, shape, packed } = stored;
  const shapes = target.parameters.map((path) => {
    const parameter = parameters.get(path)!.shape;
    return target.piece === undefined ? parameter : parameter.slice(1);
  });
  const expected = target.rule.storedShape?.(shapes, target.kind) ?? shapes[0];
  // Packed matrices have a row per output in every family, also where plain ones are stored (in, out).
  const oriented = packed && target.rule.transform ? [expected, expected.toReversed()] : [expected];
  if (!oriented.some((allowed) => allowed.join() === shape.join())) {
    const fields = fieldsBehind(target.parameters[0], config);
    throw new WeightShapeError(entry.name, expected, shape, entry.file, { fields });
  }
  const allowed = packed ? ["U32"] : floating;
  if (!allowed.includes(entry.dtype)) {
    throw new UnsupportedDtypeError(`${entry.file}: ${entry.name}`, entry.dtype, allowed);
  }
}
