/** Fills a module with the weights of a checkpoint, a portion at a time, packed where that is asked for. */
import { evaluateToKeep, type Module } from "@mlxterp/mlx";
import { settleRandomState } from "../../decoder/random-state.js";
import type { AdapterMerge } from "../adapters/apply-adapter.js";
import type { CheckpointTensor } from "../checkpoint.js";
import type { CheckpointFiles } from "../files/checkpoint-files.js";
import { portions } from "../files/slices.js";
import { SafetensorsSource, type TensorSource } from "../files/tensor-source.js";
import { type WeightDtype, weightDtype } from "../files/weight-dtype.js";
import type { LayerPacker } from "../quantization/layer-packer.js";
import type { Packing } from "../quantization/packing-config.js";
import type { WeightTable } from "../table/weight-table.js";
import { WeightFiller } from "./fill-weights.js";
import { rememberTensor } from "./remember-tensor.js";
import { type PlannedTensor, planWeights } from "./weight-plan.js";

export interface WeightOptions {
  /** Default: float32 on the CPU, which multiplies nothing else; the file's own on Metal. */
  readonly dtype?: WeightDtype;
  /** Default: safetensors files. */
  readonly source?: TensorSource;
  /** How the file is packed. */
  readonly packing?: Packing;
  /** Packs plain weights as they come. */
  readonly packer?: LayerPacker;
  /** Changes weights as they come, before they are packed. */
  readonly merge?: AdapterMerge;
  /** The config.json, for messages. */
  readonly config?: unknown;
  /** Leaves weights to be read when they are first computed with. Default: false. */
  readonly lazy?: boolean;
}

/** Bytes that are made before they are computed and their sources let go. */
const portionBytes = { least: 2 ** 20, most: 32 * 2 ** 20, share: 1 / 32 };

/**
 * Loads a checkpoint's tensors into a module. Peak memory is the final weights and little more: the largest come
 * first, and what is packed is read a few rows at a time wherever the file has the rows of the model.
 *
 * @returns what became of each tensor, for saving
 * @throws UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`), MissingWeightsError (`MISSING_WEIGHTS`), WeightShapeError
 * (`WEIGHT_SHAPE`), UnsupportedDtypeError (`UNSUPPORTED_DTYPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export async function loadWeights(
  module: Module,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights" | "absent">,
  options: WeightOptions = {},
): Promise<readonly CheckpointTensor[]> {
  const { packer, merge } = options;
  const plan = planWeights(module, table, files, options);
  const source = options.source ?? new SafetensorsSource();
  const bytesOf = (planned: PlannedTensor) => finalBytes(planned, packer);
  const total = plan.reduce((sum, planned) => sum + bytesOf(planned), 0);
  const { least, most, share } = portionBytes;
  const limit = Math.min(Math.max(total * share, least), most);
  const dtype = weightDtype(options.dtype);
  const filler = new WeightFiller(module, { source, dtype, packer, merge, limit });
  for (const portion of portions(plan, workingBytes, limit)) {
    const arrays = [];
    for (const planned of portion) arrays.push(...(await filler.fill(planned)));
    source.drop();
    if (!options.lazy) await evaluateToKeep(arrays);
  }
  settleRandomState();
  return plan.map((planned) => rememberTensor(planned, table, filler.shapes));
}

function elements({ stored }: PlannedTensor): number {
  return stored.shape.reduce((product, length) => product * length, 1);
}

/** What a tensor takes while it is made. */
function workingBytes(planned: PlannedTensor): number {
  return 4 * elements(planned);
}

/** What a tensor takes in the end. */
function finalBytes(planned: PlannedTensor, packer: LayerPacker | undefined): number {
  const { stored, target } = planned;
  const scheme = stored.packed?.scheme ?? packer?.schemeOf(target.parameters[0], stored.shape);
  return elements(planned) * (scheme ? scheme.bits / 8 + 8 / scheme.groupSize : 4);
}
