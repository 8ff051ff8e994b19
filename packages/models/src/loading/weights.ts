/** Fills a module with the weights of a checkpoint, a portion at a time, packed where that is asked for. */
import { evaluate, type Module, type MxArray } from "@mlxterp/mlx";
import { listParameters, setParameters } from "../decoder/parameters.js";
import { UnsupportedConfigError } from "../errors.js";
import type { WeightTable } from "../families/weight-table.js";
import { installPacked, type LayerPacker } from "../quantization/layer-packer.js";
import { moduleOf } from "../quantization/module-path.js";
import type { Packing } from "../quantization/packing-config.js";
import type { PackedWeight } from "../quantization/scheme.js";
import type { CheckpointTensor } from "./checkpoint.js";
import type { CheckpointFiles } from "./checkpoint-files.js";
import type { PackedEntry } from "./packed-entries.js";
import { rowParts } from "./row-parts.js";
import { Stacks } from "./stacks.js";
import { SafetensorsSource, type TensorSource } from "./tensor-source.js";
import { type WeightDtype, weightDtype } from "./weight-dtype.js";
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
}

/** Bytes that are made before they are computed and their sources let go. */
const portionBytes = 32 * 2 ** 20;

type Filled = readonly (readonly [path: string, array: MxArray])[];

/**
 * Loads a checkpoint's tensors into a module. Peak memory is the final weights and one portion of sources.
 *
 * @returns what became of each tensor, for saving
 * @throws UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`), MissingWeightsError (`MISSING_WEIGHTS`), WeightShapeError
 * (`WEIGHT_SHAPE`), UnsupportedDtypeError (`UNSUPPORTED_DTYPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`)
 */
export async function loadWeights(
  module: Module,
  table: WeightTable,
  files: Pick<CheckpointFiles, "tensors" | "weights">,
  options: WeightOptions = {},
): Promise<readonly CheckpointTensor[]> {
  const plan = planWeights(module, table, files, options.packing);
  const fill = createFiller(module, options);
  for (const portion of portions(plan)) {
    const arrays = portion.flatMap(fill).map(([, array]) => array);
    await evaluate(arrays);
  }
  return plan.map(({ stored, target }) => ({
    name: stored.entry.name,
    shape: stored.shape,
    target,
  }));
}

/** Sets the parameters that a tensor completes, lazily, and returns them. */
function createFiller(module: Module, options: WeightOptions) {
  const { dtype, packer } = options;
  const target = weightDtype(dtype);
  const parameters = listParameters(module);
  const shapes = new Map([...parameters].map(([path, { shape }]) => [path, shape]));
  const stacks = new Stacks(parameters);
  const source = options.source ?? new SafetensorsSource();
  const cast = (array: MxArray) => (target ? array.astype(target) : array);
  return (planned: PlannedTensor): Filled => {
    const { stored, target: place } = planned;
    const { rule, kind, parameters: paths, piece } = place;
    const tensor = source.take(stored.entry);
    if (stored.packed) {
      const rest = {
        scales: cast(source.take(stored.packed.scales)),
        biases: cast(source.take(stored.packed.biases)),
      };
      return fillPacked(module, planned, { weight: tensor, ...rest }, shapes);
    }
    const parts = rule.transform?.(tensor, kind) ?? [tensor];
    return parts.flatMap((part, index) => {
      const whole = stacks.add(paths[index], piece, cast(part));
      return whole.flatMap(([path, array]) => fillPlain(module, path, array, packer));
    });
  };
}

function fillPlain(module: Module, path: string, array: MxArray, packer?: LayerPacker): Filled {
  const packed = packer?.pack(module, path, array);
  if (packed) return installPacked(module, moduleOf(path), packed);
  setParameters(module, [[path, array]]);
  return [[path, array]];
}

function fillPacked(
  module: Module,
  { stored, target }: PlannedTensor,
  arrays: { readonly [K in "weight" | "scales" | "biases"]: MxArray },
  shapes: ReadonlyMap<string, readonly number[]>,
): Filled {
  const { rule, parameters: paths } = target;
  const outputs = paths.map((path) => shapes.get(path)?.[0] ?? 0);
  const split = (array: MxArray) => rowParts(rule, array, outputs);
  const [weights, scales, biases] = [arrays.weight, arrays.scales, arrays.biases].map(split);
  const { scheme } = stored.packed as PackedEntry;
  if (!weights || !scales || !biases || target.piece !== undefined) throw unpackable(stored.entry);
  return paths.flatMap((path, index) => {
    const packed: PackedWeight = {
      weight: weights[index],
      scales: scales[index],
      biases: biases[index],
      ...scheme,
    };
    const filled = installPacked(module, moduleOf(path), packed);
    if (filled.length === 0) throw unpackable(stored.entry);
    return filled;
  });
}

function unpackable({ name, file }: { readonly name: string; readonly file: string }) {
  const rule = `${name} is packed, which is not implemented for this kind of layer. Load the full-precision checkpoint with { quantize }.`;
  return new UnsupportedConfigError("quantization", name, file, rule);
}

/** Tensors in the order of the files, in groups of bounded size. */
function* portions(plan: readonly PlannedTensor[]): Generator<PlannedTensor[]> {
  let portion: PlannedTensor[] = [];
  let bytes = 0;
  for (const planned of plan) {
    portion.push(planned);
    bytes += 4 * planned.stored.entry.shape.reduce((product, length) => product * length, 1);
    if (bytes < portionBytes) continue;
    yield portion;
    portion = [];
    bytes = 0;
  }
  yield portion;
}
