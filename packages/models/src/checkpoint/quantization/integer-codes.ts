/**
 * Weights of four bits as GPTQ and AWQ publish them: codes of the inputs of a layer, with a scale and a zero for each group of
 * inputs and each output. Read as the numbers they stand for, scale · (code − zero).
 * Sources: Frantar et al. 2022, "GPTQ", section 4; Lin et al. 2023, "AWQ", section 3; the layouts are those of AutoGPTQ and AutoAWQ.
 */
import { fromFlat, type MxArray } from "@mlxterp/mlx";
import { UnsupportedConfigError, WeightShapeError } from "../../errors.js";
import { decodeNumbers, type NumberFormat } from "../files/number-formats.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import { SafetensorsSource } from "../files/tensor-source.js";
import { type CodeLayout, groupSizeOf } from "./code-layout.js";

interface Parts {
  readonly codes: TensorEntry;
  readonly zeros: TensorEntry;
  readonly scales: TensorEntry;
  readonly groups: TensorEntry | undefined;
  readonly inputs: number;
  readonly outputs: number;
}

const perWord = 8;
/** Which of its eight codes AWQ has at each place of a word. */
const awqOrder = [0, 4, 1, 5, 2, 6, 3, 7];

/** Hands such layers out as float32 weights, (out, in). */
export class IntegerCodeSource extends SafetensorsSource {
  readonly #layers = new Map<string, Parts>();
  /** The tensors of the files, with a weight in the place of each layer's parts. */
  readonly entries: readonly TensorEntry[];

  /** @throws WeightShapeError (`WEIGHT_SHAPE`), UnsupportedConfigError (`UNSUPPORTED_CONFIG`) for a layer without its parts */
  constructor(
    entries: readonly TensorEntry[],
    private readonly layout: CodeLayout,
  ) {
    super();
    const byName = new Map(entries.map((entry) => [entry.name, entry]));
    this.entries = entries.flatMap((entry) => {
      const [, module, part] = /^(.*)\.(qweight|qzeros|scales|g_idx)$/.exec(entry.name) ?? [];
      if (module === undefined || !byName.has(`${module}.qweight`)) return [entry];
      if (part !== "qweight") return [];
      const parts = partsOf(module, byName, layout);
      const name = `${module}.weight`;
      this.#layers.set(name, parts);
      return [{ name, dtype: "F32", shape: [parts.outputs, parts.inputs], file: entry.file }];
    });
  }

  override take(entry: TensorEntry): MxArray {
    return this.#layers.has(entry.name) ? this.rows(entry, 0, entry.shape[0]) : super.take(entry);
  }

  override rows(entry: TensorEntry, from: number, to: number): MxArray {
    const parts = this.#layers.get(entry.name);
    if (!parts) return super.rows(entry, from, to);
    const { inputs, outputs, scales } = parts;
    const [groupCount] = scales.shape;
    const factors = decodeNumbers(this.bytes(scales, 0, groupCount), scales.dtype as NumberFormat);
    const [codes, zeros] = [this.#words(parts.codes), this.#words(parts.zeros)];
    const groupOf = this.#groupsOf(parts, groupCount);
    const numbers = new Float32Array((to - from) * inputs);
    for (let input = 0; input < inputs; input++) {
      const group = groupOf[input];
      for (let output = from; output < to; output++) {
        const code = this.#code(codes, input, output, outputs);
        const zero = this.#zero(zeros, group, output, outputs);
        numbers[(output - from) * inputs + input] =
          factors[group * outputs + output] * (code - zero);
      }
    }
    return fromFlat(numbers, [to - from, inputs]);
  }

  /** The group of each input. */
  #groupsOf({ codes, groups, inputs }: Parts, count: number): Int32Array {
    const size = groups ? inputs : groupSizeOf(inputs, count, this.layout.groupSize);
    if (size === undefined) {
      const rule = `The layer has ${count} groups of ${inputs} inputs: g_idx must say which is whose.`;
      const named = this.layout.groupSize;
      throw new UnsupportedConfigError("quantization_config.group_size", named, codes.file, rule);
    }
    if (!groups) return Int32Array.from({ length: inputs }, (_, input) => Math.floor(input / size));
    const found = this.#words(groups);
    const wrong = found.find((group) => group < 0 || group >= count);
    if (wrong === undefined) return found;
    const rule = `The layer has scales of ${count} groups, which are counted from 0.`;
    throw new UnsupportedConfigError(groups.name, wrong, groups.file, rule);
  }

  /** What is stored as one less counts round: the zero 0 is stored as 15. */
  #zero(words: Int32Array, group: number, output: number, outputs: number): number {
    const stored = packedAlong(words, group, output, outputs, this.layout);
    return (stored + this.layout.zeroOffset) & 15;
  }

  #code(words: Int32Array, input: number, output: number, outputs: number): number {
    if (this.layout.method === "awq")
      return packedAlong(words, input, output, outputs, this.layout);
    const word = words[Math.floor(input / perWord) * outputs + output];
    return (word >>> (4 * (input % perWord))) & 15;
  }

  #words(entry: TensorEntry): Int32Array {
    const [rows, width = 1] = entry.shape;
    const bytes = this.bytes({ ...entry, dtype: "F32" }, 0, rows); // of four bytes as well
    return new Int32Array(new Uint8Array(bytes).buffer, 0, rows * width);
  }
}

/** A code among those of a row whose eight neighbours share a word. */
function packedAlong(
  words: Int32Array,
  row: number,
  output: number,
  outputs: number,
  { method }: CodeLayout,
): number {
  const word = words[row * (outputs / perWord) + Math.floor(output / perWord)];
  const place = output % perWord;
  return (word >>> (4 * (method === "awq" ? awqOrder[place] : place))) & 15;
}

function partsOf(
  module: string,
  byName: ReadonlyMap<string, TensorEntry>,
  { method }: CodeLayout,
): Parts {
  const part = (name: string) => byName.get(`${module}.${name}`);
  const [codes, zeros, scales, groups] = ["qweight", "qzeros", "scales", "g_idx"].map(part);
  if (!codes || !zeros || !scales) {
    const file = (codes ?? scales)?.file ?? "";
    throw new UnsupportedConfigError(
      "quantization_config",
      module,
      file,
      "This layer lacks its zeros or scales.",
    );
  }
  const [rows = 0, columns = 0] = codes.shape;
  const inputs = method === "awq" ? rows : rows * perWord;
  const outputs = method === "awq" ? columns * perWord : columns;
  const [groupCount = 0] = scales.shape;
  expectShape(scales, [groupCount, outputs]);
  expectShape(zeros, [groupCount, outputs / perWord]);
  if (groups) expectShape(groups, [inputs]);
  for (const words of [codes, zeros, ...(groups ? [groups] : [])]) {
    if (words.dtype === "I32") continue;
    throw new UnsupportedConfigError(words.name, words.dtype, words.file, "Its codes lie in I32.");
  }
  return { codes, zeros, scales, groups, inputs, outputs };
}

function expectShape(entry: TensorEntry, expected: readonly number[]): void {
  if (entry.shape.join() === expected.join()) return;
  throw new WeightShapeError(entry.name, expected, entry.shape, entry.file);
}
