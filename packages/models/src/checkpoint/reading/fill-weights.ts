/** Turns the tensors of a checkpoint into the parameters of a module, one after the other. */
import {
  type Dtype,
  evaluate,
  listParameters,
  type Module,
  type MxArray,
  mx,
  releaseOld,
} from "@mlxterp/mlx";
import { setParameters } from "../../decoder/parameters.js";
import { UnsupportedConfigError } from "../../errors.js";
import {
  mapPacked,
  type PackedWeight,
  pack,
  packedParts,
  type QuantizationScheme,
  unpack,
} from "../../packed/scheme.js";
import type { AdapterMerge } from "../adapters/apply-adapter.js";
import { sliceRows } from "../files/slices.js";
import type { TensorSource } from "../files/tensor-source.js";
import { installPacked, type LayerPacker } from "../quantization/layer-packer.js";
import { moduleOf } from "../quantization/module-path.js";
import { rowParts } from "../table/row-parts.js";
import type { PackedEntry } from "./packed-entries.js";
import { Stacks } from "./stacks.js";
import type { PlannedTensor } from "./weight-plan.js";

export interface FillOptions {
  readonly source: TensorSource;
  /** What weights are kept in; undefined keeps the file's own. */
  readonly dtype: Dtype | undefined;
  readonly packer: LayerPacker | undefined;
  readonly merge: AdapterMerge | undefined;
  /** Bytes in full precision from which a weight that is to be packed is read in slices. */
  readonly limit: number;
}

type Weight = MxArray | PackedWeight;

/** Makes rows of a weight, in full precision: `from` to before `to` along the first axis. */
type RowMaker = (from: number, to: number) => MxArray;

/** Fills a module; a parameter in pieces is set when its last piece has come. */
export class WeightFiller {
  /** Of all parameters, unpacked. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly #stacks = new Stacks();

  constructor(
    private readonly module: Module,
    private readonly options: FillOptions,
  ) {
    const parameters = [...listParameters(module)];
    this.shapes = new Map(parameters.map(([path, { shape }]) => [path, shape]));
  }

  /** @returns the arrays that are to be computed; what was packed in slices is computed already */
  async fill(planned: PlannedTensor): Promise<MxArray[]> {
    const { target, stored } = planned;
    const weights = stored.packed ? await this.#packed(planned) : await this.#plain(planned);
    return target.parameters.flatMap((path, index) =>
      this.#install(path, target.piece, weights[index], stored.entry),
    );
  }

  async #plain({ stored, target }: PlannedTensor): Promise<Weight[]> {
    const { source, merge, limit } = this.options;
    const { rule, kind, parameters: paths } = target;
    const { entry, shape } = stored;
    const [path] = paths;
    const scheme = this.#schemeOf(path, shape);
    const bytes = shape.reduce((product, length) => product * length, 4);
    if (scheme && !rule.transform && bytes > limit) {
      const make: RowMaker = (from, to) => {
        const rows = this.#cast(source.rows(entry, from, to));
        return merge ? merge.add(path, rows, from) : rows;
      };
      return [await packSlices(make, shape, scheme, limit)];
    }
    const parts = rule.transform?.(source.take(entry), kind) ?? [source.take(entry)];
    return parts.map((part, index) => {
      const weight = this.#cast(part);
      const merged = merge ? merge.add(paths[index], weight) : weight;
      const own = this.#schemeOf(paths[index], merged.shape);
      return own ? pack(merged, own) : merged;
    });
  }

  async #packed({ stored, target }: PlannedTensor): Promise<Weight[]> {
    const { source, merge, limit } = this.options;
    const { rule, parameters: paths, piece } = target;
    const { scales, biases, scheme } = stored.packed as PackedEntry;
    for (const path of paths) merge?.refuse(path);
    const whole = {
      weight: source.take(stored.entry),
      scales: this.#cast(source.take(scales)),
      biases: this.#cast(source.take(biases)),
      ...scheme,
    };
    const shapes = paths.map((path) => {
      const shape = this.shapes.get(path) ?? [];
      return piece === undefined ? shape : shape.slice(1);
    });
    const parts = splitPacked(whole, (part) => rowParts(rule, part, shapes));
    if (!parts) throw unpackable(stored.entry);
    const weights: Weight[] = [];
    for (const [index, packed] of parts.entries()) {
      const wanted = this.#schemeOf(paths[index], shapes[index]);
      const tighter = wanted && wanted.bits < scheme.bits;
      weights.push(tighter ? await repack(packed, shapes[index], wanted, limit) : packed);
    }
    return weights;
  }

  #install(path: string, piece: number | undefined, weight: Weight, entry: Named): MxArray[] {
    const whole = piece === undefined ? weight : this.#stack(path, piece, weight);
    if (!whole) return "bits" in weight ? packedParts.map((part) => weight[part]) : [];
    if (!("bits" in whole)) {
      setParameters(this.module, [[path, whole]]);
      return [whole];
    }
    const arrays = installPacked(this.module, moduleOf(path), whole);
    if (arrays.length === 0) throw unpackable(entry);
    return arrays;
  }

  #stack(path: string, piece: number, weight: Weight): Weight | undefined {
    const place = { piece, count: this.shapes.get(path)?.[0] ?? 0 };
    if (!("bits" in weight)) return this.#stacks.add(path, place, weight);
    const { bits, groupSize } = weight;
    const [codes, scales, biases] = packedParts.map((part) =>
      this.#stacks.add(`${path} ${part}`, place, weight[part]),
    );
    return codes && scales && biases && { weight: codes, scales, biases, bits, groupSize };
  }

  #schemeOf(path: string, shape: readonly number[]): QuantizationScheme | undefined {
    return this.options.packer?.schemeOf(path, shape);
  }

  #cast(array: MxArray): MxArray {
    const { dtype } = this.options;
    return dtype ? array.astype(dtype) : array;
  }
}

interface Named {
  readonly name: string;
  readonly file: string;
}

/** Packs a weight slice by slice, each computed before the next is made. */
async function packSlices(
  make: RowMaker,
  shape: readonly number[],
  scheme: QuantizationScheme,
  limit: number,
): Promise<PackedWeight> {
  const joined = await joinSlices(make, shape, scheme, limit);
  await releaseOld(); // the slices, which have grown old, so that joining them lets them go
  return joined;
}

/** @returns what is not computed yet, from slices that are */
async function joinSlices(
  make: RowMaker,
  shape: readonly number[],
  scheme: QuantizationScheme,
  limit: number,
): Promise<PackedWeight> {
  const slices: PackedWeight[] = [];
  for (const [from, to] of sliceRows(shape, limit)) {
    const packed = pack(make(from, to), scheme);
    await evaluate(packedParts.map((part) => packed[part]));
    slices.push(packed);
  }
  const join = (part: (typeof packedParts)[number]) =>
    mx.concatenate(
      slices.map((slice) => slice[part]),
      0,
    );
  return { weight: join("weight"), scales: join("scales"), biases: join("biases"), ...scheme };
}

/** Packs with fewer bits what is packed already. */
async function repack(
  packed: PackedWeight,
  shape: readonly number[],
  scheme: QuantizationScheme,
  limit: number,
): Promise<PackedWeight> {
  await evaluate(packedParts.map((part) => packed[part]));
  const make: RowMaker = (from, to) =>
    unpack(mapPacked(packed, (part) => part.index(mx.Slice(from, to))));
  return packSlices(make, shape, scheme, limit);
}

/** One packed weight per module; undefined where the rows cannot be divided. */
function splitPacked(
  { weight, scales, biases, bits, groupSize }: PackedWeight,
  split: (part: MxArray) => readonly MxArray[] | undefined,
): PackedWeight[] | undefined {
  const [codes, steps, offsets] = [weight, scales, biases].map(split);
  if (!codes || !steps || !offsets) return undefined;
  return codes.map((part, index) => ({
    weight: part,
    scales: steps[index],
    biases: offsets[index],
    ...{ bits, groupSize },
  }));
}

function unpackable({ name, file }: Named): UnsupportedConfigError {
  const rule = `${name} is packed, which is not implemented for this kind of layer. Load the full-precision checkpoint with { quantize }.`;
  return new UnsupportedConfigError("quantization", name, file, rule);
}
