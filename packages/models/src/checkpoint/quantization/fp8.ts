/**
 * Weights of eight bits with a scale for each block of rows and columns, as DeepSeek publishes them: read as the numbers
 * they stand for, a few rows at a time.
 * Source: DeepSeek-AI 2024, "DeepSeek-V3 Technical Report", section 3.3.
 */
import { collect, type Dtype, fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { WeightShapeError } from "../../errors.js";
import { decodeNumbers, type NumberFormat } from "../files/number-formats.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import { sliceRows } from "../files/slices.js";
import { SafetensorsSource } from "../files/tensor-source.js";

/** Rows and columns that share a scale. */
export type BlockSize = readonly [rows: number, columns: number];

const scaleEnding = "_scale_inv";
const eightBits = "F8_E4M3";
/** Bytes in full precision that are read together. */
const sliceBytes = 32 * 2 ** 20;

/** Hands such tensors out as float32. */
export class Fp8Source extends SafetensorsSource {
  readonly #encoded = new Map<string, { weight: TensorEntry; scales: TensorEntry }>();
  /** The tensors of the files, without the scales. */
  readonly entries: readonly TensorEntry[];

  /** @throws WeightShapeError (`WEIGHT_SHAPE`) for scales of another number than the blocks */
  constructor(
    entries: readonly TensorEntry[],
    private readonly block: BlockSize,
  ) {
    super();
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    this.entries = entries.flatMap((entry) => {
      const weight = byName.get(entry.name.slice(0, -scaleEnding.length));
      if (entry.name.endsWith(scaleEnding) && weight?.dtype === eightBits) return [];
      const scales = byName.get(entry.name + scaleEnding);
      if (entry.dtype !== eightBits || !scales) return [entry];
      checkScales(entry, scales, block);
      this.#encoded.set(entry.name, { weight: entry, scales });
      return [{ ...entry, dtype: "F32" }];
    });
  }

  /** The binding opens no file with such weights in it, so the other tensors are read here as well. */
  override take(entry: TensorEntry): MxArray {
    const slices = sliceRows(entry.shape, sliceBytes).map(([from, to]) => {
      collect(); // bytes that the last slice was read into
      return this.rows(entry, from, to);
    });
    const whole = slices.length === 1 ? slices[0] : mx.concatenate(slices, 0);
    const { dtype } = entry;
    return dtype === "F16" || dtype === "BF16" ? whole.astype(halfDtype(dtype)) : whole;
  }

  override rows(entry: TensorEntry, from: number, to: number): MxArray {
    const encoded = this.#encoded.get(entry.name);
    if (!encoded) return super.rows(entry, from, to);
    const { weight, scales } = encoded;
    const numbers = decodeNumbers(this.bytes(weight, from, to), eightBits);
    const [rows, columns] = this.block;
    const firstScale = Math.floor(from / rows);
    const needed = this.bytes(scales, firstScale, Math.ceil(to / rows));
    const factors = decodeNumbers(needed, scales.dtype as NumberFormat);
    const [, width] = weight.shape;
    const [, across] = scales.shape;
    for (let index = 0; index < numbers.length; index++) {
      const row = Math.floor((from + Math.floor(index / width)) / rows) - firstScale;
      numbers[index] *= factors[row * across + Math.floor((index % width) / columns)];
    }
    return fromFlat(numbers, [to - from, width]);
  }
}

function halfDtype(dtype: "F16" | "BF16"): Dtype {
  return dtype === "F16" ? mx.float16 : mx.bfloat16;
}

function checkScales(weight: TensorEntry, scales: TensorEntry, block: BlockSize): void {
  const expected = weight.shape.map((length, axis) => Math.ceil(length / (block[axis] ?? 1)));
  if (expected.length === 2 && expected.join() === scales.shape.join()) return;
  throw new WeightShapeError(scales.name, expected, scales.shape, scales.file);
}
