/**
 * MXFP4: 32 numbers of four bits share a power of two. Twice such a number is whole and at most 12, so codes of eight
 * bits with a scale and an offset say the same to the last bit, and the weights stay packed.
 * Source: Open Compute Project 2023, "Microscaling Formats (MX) Specification", section 5.3.3.
 */
import { collect, fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { WeightShapeError } from "../../errors.js";
import type { QuantizationScheme } from "../../packed/scheme.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import { sliceRows } from "../files/slices.js";
import { SafetensorsSource } from "../files/tensor-source.js";

export const mxfp4Scheme: QuantizationScheme = { bits: 8, groupSize: 32 };

/** Twice the number that each four bits stand for. */
const doubled = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];
const zeroCode = 12;

/** Two codes in the order of a byte's halves, the lower first. */
const codePairs = Uint16Array.from(
  { length: 256 },
  (_, byte) => (doubled[byte & 15] + zeroCode) | ((doubled[byte >> 4] + zeroCode) << 8),
);

/** A packed tensor as the file has it. */
interface Encoded {
  readonly module: string;
  readonly codes: TensorEntry;
  readonly scales: TensorEntry;
  /** Of the numbers. */
  readonly shape: readonly number[];
}

/** The modules of a file that are encoded so: `x_blocks` with `x_scales`, or as mlx-lm has them. */
export function findMxfp4(entries: readonly TensorEntry[]): Encoded[] {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return entries.flatMap((codes) => {
    const [, module, ending] = /^(.*)(_blocks|\.weight)$/.exec(codes.name) ?? [];
    const scales = byName.get(`${module}${ending === "_blocks" ? "_scales" : ".scales"}`);
    if (module === undefined || scales?.dtype !== "U8") return [];
    const shape = [...scales.shape.slice(0, -1), 32 * (scales.shape.at(-1) ?? 0)];
    const bytes = codes.dtype === "U32" ? 4 : 1;
    const half = shape.reduce((product, length) => product * length, 0.5);
    const found = codes.shape.reduce((product, length) => product * length, bytes);
    if (found !== half) throw new WeightShapeError(codes.name, shape, codes.shape, codes.file);
    return [{ module, codes, scales, shape }];
  });
}

/** Hands such tensors out as packed ones of eight bits. */
export class Mxfp4Source extends SafetensorsSource {
  readonly #makers = new Map<string, () => MxArray>();
  /** The tensors of the files, the encoded ones under the names of packed ones. */
  readonly entries: readonly TensorEntry[];

  constructor(entries: readonly TensorEntry[], encoded: readonly Encoded[]) {
    super();
    const replaced = new Set(encoded.flatMap(({ codes, scales }) => [codes, scales]));
    this.entries = [
      ...entries.filter((entry) => !replaced.has(entry)),
      ...encoded.flatMap((tensor) => this.#add(tensor)),
    ];
  }

  override take(entry: TensorEntry): MxArray {
    return this.#makers.get(entry.name)?.() ?? super.take(entry);
  }

  #add({ module, codes, scales, shape }: Encoded): TensorEntry[] {
    const { file } = codes;
    const words = [...shape.slice(0, -1), (shape.at(-1) ?? 0) / 4];
    const rowBytes = shape.slice(1).reduce((product, length) => product * length, 0.5);
    const bytes = { ...codes, dtype: "U8", shape: [shape[0], rowBytes] };
    const inSlices = (make: (from: number, to: number) => MxArray) => () => join(shape, make);
    const scaled = (factor: number) =>
      inSlices((from, to) => powers(this.bytes(scales, from, to), factor, scales.shape));
    this.#makers.set(
      `${module}.weight`,
      inSlices((from, to) => codeWords(this.bytes(bytes, from, to), words)),
    );
    this.#makers.set(`${module}.scales`, scaled(0.5));
    this.#makers.set(`${module}.biases`, scaled(-0.5 * zeroCode));
    return [
      { name: `${module}.weight`, dtype: "U32", shape: words, file },
      { name: `${module}.scales`, dtype: "F32", shape: scales.shape, file },
      { name: `${module}.biases`, dtype: "F32", shape: scales.shape, file },
    ];
  }
}

/** Bytes in full precision that are read together. */
const sliceBytes = 32 * 2 ** 20;

function join(shape: readonly number[], make: (from: number, to: number) => MxArray): MxArray {
  const slices = sliceRows(shape, sliceBytes).map(([from, to]) => {
    collect(); // bytes that the last slice was read into
    return make(from, to);
  });
  return slices.length === 1 ? slices[0] : mx.concatenate(slices, 0);
}

function codeWords(bytes: Buffer, [, ...inner]: readonly number[]): MxArray {
  const codes = new Uint16Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) codes[index] = codePairs[bytes[index]];
  const words = new Uint32Array(codes.buffer);
  return fromFlat(words, [words.length / product(inner), ...inner], mx.uint32);
}

/** `factor · 2^(exponent - 127)` */
function powers(exponents: Buffer, factor: number, [, ...inner]: readonly number[]): MxArray {
  const numbers = new Float32Array(exponents.length);
  for (let index = 0; index < numbers.length; index++) {
    numbers[index] = factor * 2 ** (exponents[index] - 127);
  }
  return fromFlat(numbers, [numbers.length / product(inner), ...inner]);
}

function product(lengths: readonly number[]): number {
  return lengths.reduce((total, length) => total * length, 1);
}
