/** Puts a LoRA adapter into a model: added to its weights while they are loaded, or beside them as a module of its own. */
import { evaluate, type Linear, type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { UnexpectedWeightsError, UnsupportedConfigError, WeightShapeError } from "../../errors.js";
import { type WeightDtype, weightDtype } from "../files/weight-dtype.js";
import { moduleAt, moduleOf, replaceModule } from "../quantization/module-path.js";
import type { QuantizedLinear } from "../quantization/quantized-modules.js";
import { rowParts } from "../table/row-parts.js";
import { findTarget, type WeightTable } from "../table/weight-table.js";
import { type Adapter, type LowRankChange, readAdapter } from "./adapter-files.js";
import { LoraLinear } from "./lora-linear.js";

/** A change of one of the model's own modules. */
interface LayerChange {
  readonly path: string;
  readonly down: MxArray; // (rank, in)
  readonly up: MxArray; // (out, rank)
  readonly scale: number;
}

/** The changes of an adapter, checked against the model. */
export interface LayerChanges {
  readonly file: string;
  readonly changes: readonly LayerChange[];
}

/**
 * Reads the adapter in a folder.
 *
 * @param root the model before its weights are loaded
 * @throws what `readAdapter` throws; UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`) for modules that the base model
 * does not have, WeightShapeError (`WEIGHT_SHAPE`)
 */
export async function readChanges(
  root: Module,
  table: WeightTable,
  folder: string,
  dtype?: WeightDtype,
): Promise<LayerChanges> {
  const adapter = readAdapter(folder);
  const target = weightDtype(dtype);
  const cast = (array: MxArray) => (target ? array.astype(target) : array);
  const changes = adapter.changes
    .flatMap((change) => layerChanges(root, table, change, adapter))
    .map((change) => ({ ...change, down: cast(change.down), up: cast(change.up) }));
  await evaluate(changes.flatMap(({ down, up }) => [down, up]));
  return { file: adapter.file, changes };
}

/** Keeps an adapter as modules with their own sites; the loaded model is changed. */
export function attachAdapter(root: Module, { changes }: LayerChanges): void {
  for (const { path, down, up, scale } of changes) {
    const layer = moduleAt(root, path) as Linear | QuantizedLinear;
    replaceModule(root, path, new LoraLinear(layer, down, up, scale));
  }
}

/** Adds an adapter to weights. */
export interface AdapterMerge {
  /**
   * @param parameter its path
   * @param weight all rows of it, or those from `first` on
   * @returns the sum, or the weight itself where the adapter changes nothing
   */
  add(parameter: string, weight: MxArray, first?: number): MxArray;
  /** @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) where there is a change: a packed weight cannot take it up */
  refuse(parameter: string): void;
}

export function mergeAdapter({ changes, file }: LayerChanges): AdapterMerge {
  const byParameter = new Map(changes.map((change) => [`${change.path}.weight`, change]));
  return {
    add: (parameter, weight, first = 0) => {
      const change = byParameter.get(parameter);
      if (!change) return weight;
      const rows = change.up.index(mx.Slice(first, first + weight.shape[0]));
      return mx.add(weight, mx.multiply(mx.matmul(rows, change.down), change.scale));
    },
    refuse: (parameter) => {
      const change = byParameter.get(parameter);
      if (change) throw packedBase(change.path, file);
    },
  };
}

/** A fused module of the file is several of the model's, which share the first factor. */
function layerChanges(
  root: Module,
  table: WeightTable,
  { module, down, up, scale }: LowRankChange,
  { file }: Adapter,
): LayerChange[] {
  const target = findTarget(table, `${module}.weight`);
  if (!target || target === "ignored" || target.piece !== undefined) {
    throw new UnexpectedWeightsError([module], file);
  }
  const paths = target.parameters.map(moduleOf);
  const layers = paths.map((path) => moduleAt(root, path));
  if (!layers.every(isLinear)) throw new UnexpectedWeightsError([module], file);
  const shapes = layers.map(({ weight }) => weight.shape);
  const parts = rowParts(target.rule, up, shapes);
  const total = shapes.reduce((sum, [count]) => sum + count, 0);
  if (!parts)
    throw new WeightShapeError(`${module}.lora_B`, [total, down.shape[0]], up.shape, file);
  const [, inputs] = shapes[0];
  if (down.shape[1] !== inputs) {
    throw new WeightShapeError(`${module}.lora_A`, [down.shape[0], inputs], down.shape, file);
  }
  return paths.map((path, index) => ({ path, down, up: parts[index], scale }));
}

function isLinear(module: unknown): module is Linear {
  return module instanceof nn.Linear;
}

function packedBase(path: string, file: string): UnsupportedConfigError {
  const rule = `${path} is packed and cannot take up an adapter. Use { live: true }, or load the base model without quantization.`;
  return new UnsupportedConfigError("live", false, file, rule);
}
