/** Puts a LoRA adapter into a loaded model: added to its weights, or beside them as a module of its own. */
import { evaluate, type Linear, type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import { setParameters } from "../decoder/parameters.js";
import { UnexpectedWeightsError, UnsupportedConfigError, WeightShapeError } from "../errors.js";
import { findTarget, type WeightTable } from "../families/weight-table.js";
import { rowParts } from "../loading/row-parts.js";
import { type WeightDtype, weightDtype } from "../loading/weight-dtype.js";
import { moduleAt, moduleOf, replaceModule } from "../quantization/module-path.js";
import { QuantizedLinear } from "../quantization/quantized-modules.js";
import { type Adapter, type LowRankChange, readAdapter } from "./adapter-files.js";
import { LoraLinear } from "./lora-linear.js";

export interface AdapterOptions {
  /** Keeps the adapter as a module with its own sites, in place of adding it to the weights. Default: false. */
  readonly live?: boolean;
  readonly dtype?: WeightDtype;
}

/** A change of one of the model's own modules. */
interface LayerChange {
  readonly path: string;
  readonly down: MxArray; // (rank, in)
  readonly up: MxArray; // (out, rank)
  readonly scale: number;
}

/**
 * Applies the adapter in a folder; the module is changed.
 *
 * @throws what `readAdapter` throws; UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`) for modules that the base model
 * does not have, WeightShapeError (`WEIGHT_SHAPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export async function applyAdapter(
  root: Module,
  table: WeightTable,
  folder: string,
  { live = false, dtype }: AdapterOptions = {},
): Promise<void> {
  const adapter = readAdapter(folder);
  const target = weightDtype(dtype);
  const cast = (array: MxArray) => (target ? array.astype(target) : array);
  const changes = adapter.changes.flatMap((change) => layerChanges(root, table, change, adapter));
  for (const change of changes) {
    const { path, scale } = change;
    const [down, up] = [cast(change.down), cast(change.up)];
    const layer = moduleAt(root, path) as Linear | QuantizedLinear;
    if (live) {
      replaceModule(root, path, new LoraLinear(layer, down, up, scale));
      await evaluate([down, up]);
    } else {
      if (layer instanceof QuantizedLinear) throw packedBase(path, adapter.file);
      const merged = mx.add(layer.weight, mx.multiply(mx.matmul(up, down), scale));
      setParameters(root, [[`${path}.weight`, merged]]);
      await evaluate([merged]);
    }
  }
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
  const outputs = layers.map(({ weight }) => weight.shape[0]);
  const parts = rowParts(target.rule, up, outputs);
  const total = outputs.reduce((sum, count) => sum + count, 0);
  if (!parts)
    throw new WeightShapeError(`${module}.lora_B`, [total, down.shape[0]], up.shape, file);
  const inputs = inputsOf(layers[0]);
  if (down.shape[1] !== inputs) {
    throw new WeightShapeError(`${module}.lora_A`, [down.shape[0], inputs], down.shape, file);
  }
  return paths.map((path, index) => ({ path, down, up: parts[index], scale }));
}

function isLinear(module: unknown): module is Linear | QuantizedLinear {
  return module instanceof nn.Linear || module instanceof QuantizedLinear;
}

function inputsOf(layer: Linear | QuantizedLinear): number {
  const [, columns] = layer.weight.shape;
  return layer instanceof QuantizedLinear ? (columns * 32) / layer.bits : columns;
}

function packedBase(path: string, file: string): UnsupportedConfigError {
  const rule = `${path} is packed and cannot take up an adapter. Use { live: true }, or load the base model without quantization.`;
  return new UnsupportedConfigError("live", false, file, rule);
}
