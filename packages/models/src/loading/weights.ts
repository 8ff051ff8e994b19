/** Checks a checkpoint's tensors against a decoder and fills them in; strict in both directions. */
import { deviceName, evaluate, type MxArray, mx, UnsupportedDtypeError } from "@mlxterp/mlx";
import type { Decoder } from "../decoder/decoder.js";
import { listParameters, setParameters } from "../decoder/parameters.js";
import { MissingWeightsError, UnexpectedWeightsError, WeightShapeError } from "../errors.js";
import { findTarget, type WeightTable, type WeightTarget } from "../families/weight-table.js";
import type { CheckpointFiles } from "./checkpoint-files.js";
import type { TensorEntry } from "./safetensors-header.js";

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
  decoder: Decoder,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights">,
): PlannedTensor[] {
  const parameters = listParameters(decoder);
  const plan: PlannedTensor[] = [];
  const unexpected: string[] = [];
  const filled = new Set<string>();
  for (const entry of files.tensors) {
    const target = findTarget(table, entry.name);
    if (target === "ignored" || isTiedHead(target, decoder)) continue;
    if (!target?.parameters.every((path) => parameters.has(path) && !filled.has(path))) {
      unexpected.push(entry.name);
      continue;
    }
    for (const path of target.parameters) filled.add(path);
    plan.push({ entry, target });
  }
  if (unexpected.length > 0) throw new UnexpectedWeightsError(unexpected, files.weights);
  const missing = [...parameters.keys()].filter((path) => !filled.has(path));
  if (missing.length > 0) throw new MissingWeightsError(missing, files.weights);
  for (const planned of plan) checkTensor(planned, parameters);
  return plan;
}

/** Files of tied models may hold the head once more; it is the embedding matrix, as in `transformers`. */
function isTiedHead(target: WeightTarget | undefined, decoder: Decoder): boolean {
  return !decoder.lmHead && target?.parameters[0] === "lmHead.weight";
}

function checkTensor({ entry, target }: PlannedTensor, parameters: Map<string, MxArray>): void {
  const shapes = target.parameters.map((path) => parameters.get(path)!.shape);
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
 * Loads a checkpoint's tensors into a decoder, file by file.
 *
 * @param dtype default: float32 on the CPU, which multiplies nothing else; the file's own on Metal
 */
export async function loadWeights(
  decoder: Decoder,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights">,
  dtype?: WeightDtype,
): Promise<void> {
  const target = chooseDtype(dtype);
  const plan = planWeights(decoder, table, files);
  for (const [file, planned] of groupByFile(plan)) {
    const tensors = mx.load(file) as Record<string, MxArray>;
    const filled = planned.flatMap(({ entry, target: { rule, kind, parameters } }) => {
      const tensor = tensors[entry.name];
      const parts = rule.transform?.(tensor, kind) ?? [tensor];
      return parts.map(
        (part, index) => [parameters[index], target ? part.astype(target) : part] as const,
      );
    });
    setParameters(decoder, filled);
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
