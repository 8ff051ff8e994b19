/** Checks a checkpoint's tensors against a module and fills them in; strict in both directions. */
import {
  deviceName,
  evaluate,
  type Module,
  type MxArray,
  mx,
  UnsupportedDtypeError,
} from "@mlxterp/mlx";
import { listParameters, setParameters } from "../decoder/parameters.js";
import { MissingWeightsError, UnexpectedWeightsError, WeightShapeError } from "../errors.js";
import { findTarget, type WeightTable, type WeightTarget } from "../families/weight-table.js";
import type { CheckpointFiles } from "./checkpoint-files.js";
import type { TensorEntry } from "./safetensors-header.js";
import { missingOf, pieceName, Stacks } from "./stacks.js";

/** What weights are computed with; `native` keeps the file's. */
export type WeightDtype = "float32" | "float16" | "bfloat16" | "native";

const floating = ["F32", "F16", "BF16"];

interface PlannedTensor {
  readonly entry: TensorEntry;
  readonly target: WeightTarget;
}

/**
 * Decides where every tensor goes, from the headers alone.
 *
 * @throws UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`), MissingWeightsError (`MISSING_WEIGHTS`),
 * WeightShapeError (`WEIGHT_SHAPE`), UnsupportedDtypeError (`UNSUPPORTED_DTYPE`)
 */
export function planWeights(
  module: Module,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights">,
): PlannedTensor[] {
  const parameters = listParameters(module);
  const plan: PlannedTensor[] = [];
  const unexpected: string[] = [];
  const filled = new Set<string>();
  for (const entry of files.tensors) {
    const target = findTarget(table, entry.name);
    if (target === "ignored" || isTiedHead(target, parameters)) continue;
    if (!target || !hasPlace(target, parameters, filled)) {
      unexpected.push(entry.name);
      continue;
    }
    for (const path of target.parameters) filled.add(pieceName(path, target.piece));
    plan.push({ entry, target });
  }
  if (unexpected.length > 0) throw new UnexpectedWeightsError(unexpected, files.weights);
  const missing = [...parameters].flatMap(([path, array]) => missingOf(path, array, filled));
  if (missing.length > 0) throw new MissingWeightsError(missing, files.weights);
  for (const planned of plan) checkTensor(planned, parameters);
  return plan;
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

function checkTensor({ entry, target }: PlannedTensor, parameters: Map<string, MxArray>): void {
  const shapes = target.parameters.map((path) => {
    const { shape } = parameters.get(path)!;
    return target.piece === undefined ? shape : shape.slice(1);
  });
  const expected = target.rule.storedShape?.(shapes, target.kind) ?? shapes[0];
  if (expected.join() !== entry.shape.join()) {
    throw new WeightShapeError(entry.name, expected, entry.shape, entry.file);
  }
  if (!floating.includes(entry.dtype)) {
    throw new UnsupportedDtypeError(`${entry.file}: ${entry.name}`, entry.dtype, floating);
  }
}

/** @throws UnsupportedDtypeError (`UNSUPPORTED_DTYPE`) for half precision on the CPU */
function chooseDtype(dtype: WeightDtype | undefined) {
  const cpu = deviceName() === "cpu";
  const chosen = dtype ?? (cpu ? "float32" : "native");
  if (cpu && chosen !== "float32") {
    throw new UnsupportedDtypeError("The dtype option", chosen, ["float32"]);
  }
  return chosen === "native" ? undefined : mx[chosen];
}

/**
 * Loads a checkpoint's tensors into a module, file by file.
 *
 * @param dtype default: float32 on the CPU, which multiplies nothing else; the file's own on Metal
 */
export async function loadWeights(
  module: Module,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights">,
  dtype?: WeightDtype,
): Promise<void> {
  const target = chooseDtype(dtype);
  const plan = planWeights(module, table, files);
  for (const [file, planned] of groupByFile(plan)) {
    const tensors = mx.load(file) as Record<string, MxArray>;
    const filled = planned.flatMap(({ entry, target: { rule, kind, parameters, piece } }) => {
      const tensor = tensors[entry.name];
      const parts = rule.transform?.(tensor, kind) ?? [tensor];
      return parts.flatMap((part, index) => {
        const path = parameters[index];
        const array = dtype ? part.astype(dtype) : part;
        const whole = piece === undefined ? array : stacks.add(path, piece, array, counts.get(path)!);
        return whole ? [[path, whole] as const] : [];
      });
    });
    setParameters(module, filled);
    await evaluate(filled.map(([, array]) => array));
  }
}

function groupByFile(plan: readonly PlannedTensor[]): Map<string, PlannedTensor[]> {
  const groups = new Map<string, PlannedTensor[]>();
  for (const planned of plan) {
    const { file } = planned.entry;
    groups.set(file, [...(groups.get(file) ?? []), planned]);
  }
  return groups;
}
