/** The changes of adapters as changes of the model's own modules, checked against it. */
import { evaluate, type Linear, type Module, type MxArray, nn } from "@mlxterp/mlx";
import { UnexpectedWeightsError, UnsupportedConfigError, WeightShapeError } from "../../errors.js";
import { type WeightDtype, weightDtype } from "../files/weight-dtype.js";
import { moduleAt, moduleOf } from "../quantization/module-path.js";
import { rowParts } from "../table/row-parts.js";
import { findTarget, type WeightTable } from "../table/weight-table.js";
import type { Adapter } from "./adapter-files.js";
import type { LowRankChange } from "./adapter-tensors.js";

/** A change of one of the model's own modules. */
export interface LayerChange {
  readonly path: string;
  readonly down: MxArray; // (rank, in)
  readonly up: MxArray; // (out, rank)
  readonly scale: number;
  /** (out, 1); see `LowRankChange` */
  readonly magnitude?: MxArray;
  readonly isEmbedding: boolean;
  readonly file: string;
}

/** An adapter, and how much of it. */
export interface AdapterInUse {
  readonly adapter: Adapter;
  readonly weight: number;
}

/**
 * @param root the model before its weights are loaded
 * @throws UnexpectedWeightsError (`UNEXPECTED_WEIGHTS`) for modules that the base model does not have, WeightShapeError
 * (`WEIGHT_SHAPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for combinations that have no one meaning
 */
export async function layerChanges(
  root: Module,
  table: WeightTable,
  used: readonly AdapterInUse[],
  dtype?: WeightDtype,
): Promise<LayerChange[]> {
  const target = weightDtype(dtype);
  const cast = (array: MxArray) => (target ? array.astype(target) : array);
  const changes = used.flatMap(({ adapter, weight }) =>
    adapter.changes.flatMap((change) =>
      changesOf(root, table, change, adapter).map(({ down, up, magnitude, scale, ...rest }) => ({
        ...{ ...rest, down: cast(down), up: cast(up), scale: scale * weight },
        ...(magnitude && { magnitude: cast(magnitude) }),
      })),
    ),
  );
  refuseMixtures(changes, used);
  await evaluate(
    changes.flatMap(({ down, up, magnitude }) => [down, up, ...(magnitude ? [magnitude] : [])]),
  );
  return changes;
}

/** Lengths of rows are of one sum: with a part of it, or with others, nobody has said what they should be. */
function refuseMixtures(changes: readonly LayerChange[], used: readonly AdapterInUse[]): void {
  for (const { path, magnitude, file } of changes) {
    if (!magnitude) continue;
    const weight = used.find(({ adapter }) => adapter.file === file)?.weight;
    if (weight !== 1) {
      throw new UnsupportedConfigError(
        "weight",
        weight,
        file,
        "An adapter with DoRA is taken whole, with weight 1.",
      );
    }
    if (changes.filter((other) => other.path === path).length === 1) continue;
    const rule = `Another adapter changes it too, and DoRA sets the length of the sum. Load one of them.`;
    throw new UnsupportedConfigError("adapter", path, file, rule);
  }
}

/** A fused module of the file is several of the model's, which share the first factor. */
function changesOf(
  root: Module,
  table: WeightTable,
  change: LowRankChange,
  { file, base }: Adapter,
): LayerChange[] {
  const { module, scale } = change;
  const wayOut = wayOutOf(base);
  const target = findTarget(table, `${module}.weight`);
  if (!target || target === "ignored" || target.piece !== undefined) {
    throw new UnexpectedWeightsError([module], file, wayOut);
  }
  const paths = target.parameters.map(moduleOf);
  const layers = paths.map((path) => moduleAt(root, path));
  const isEmbedding = layers.every((layer) => layer instanceof nn.Embedding);
  if (!isEmbedding && !layers.every(isLinear))
    throw new UnexpectedWeightsError([module], file, wayOut);
  const { down, up, magnitude } = oriented(change, isEmbedding, { file, wayOut });
  const shapes = layers.map(({ weight }) => weight.shape);
  const parts = rowParts(target.rule, up, shapes);
  const total = shapes.reduce((sum, [count]) => sum + count, 0);
  const lengths = magnitude && rowParts(target.rule, magnitude.reshape([-1, 1]), shapes);
  if (!parts || (magnitude && !lengths)) {
    throw new WeightShapeError(`${module}.lora_B`, [total, down.shape[0]], up.shape, file, {
      wayOut,
    });
  }
  const [, inputs] = shapes[0];
  if (down.shape[1] !== inputs) {
    const expected = [down.shape[0], inputs];
    throw new WeightShapeError(`${module}.lora_A`, expected, down.shape, file, { wayOut });
  }
  return paths.map((path, index) => ({
    ...{ path, down, up: parts[index], scale, isEmbedding, file },
    ...(lengths && { magnitude: lengths[index] }),
  }));
}

/** Factors as a weight (out, in) has them. */
function oriented(
  { module, down, up, magnitude, kind }: LowRankChange,
  isEmbedding: boolean,
  { file, wayOut }: { readonly file: string; readonly wayOut: string },
) {
  const fits = kind === "either" || (kind === "embedding") === isEmbedding;
  if (!fits) throw new UnexpectedWeightsError([module], file, wayOut);
  if (isEmbedding && magnitude) {
    throw new UnsupportedConfigError(
      "use_dora",
      module,
      file,
      "DoRA of an embedding is not implemented.",
    );
  }
  return kind === "either" && isEmbedding
    ? { down: up.T, up: down.T, magnitude }
    : { down, up, magnitude };
}

function wayOutOf(base: string | undefined): string {
  const model = base === undefined ? "another model" : JSON.stringify(base);
  return `This adapter was trained for ${model}. Load that model with it, not this one.`;
}

function isLinear(module: unknown): module is Linear {
  return module instanceof nn.Linear;
}
