/** Hands out the tensors of a GGUF file, reading a few rows at a time. */
import { collect, fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { readFileBytes } from "../files/file-bytes.js";
import { decodeNumbers } from "../files/number-formats.js";
import type { TensorEntry } from "../files/safetensors-header.js";
import { sliceRows } from "../files/slices.js";
import type { TensorSource } from "../files/tensor-source.js";
import { unpackBlocks } from "./gguf-blocks.js";
import type { GgufTensor } from "./gguf-header.js";
import { decodeSmallGroups } from "./gguf-small-groups.js";
import type { PackedName, PlainName, SmallGroupName } from "./gguf-types.js";

/** Bytes in full precision that are read together. */
const sliceBytes = 8 * 2 ** 20;

/** A packed tensor is read with its first part; the others wait until they are taken. */
export class GgufSource implements TensorSource {
  readonly #waiting = new Map<string, MxArray>();
  readonly #tensors: ReadonlyMap<string, GgufTensor>;

  constructor(
    private readonly file: string,
    tensors: readonly GgufTensor[],
  ) {
    this.#tensors = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  }

  take({ name, shape }: TensorEntry): MxArray {
    const tensor = this.#tensors.get(name);
    if (tensor?.type.bits) this.#unpack(tensor);
    else if (tensor)
      return this.#inSlices(tensor, (from, to) => [this.#plain(tensor, from, to)])[0];
    const array = this.#waiting.get(name) as MxArray;
    this.#waiting.delete(name);
    return array.reshape(shape);
  }

  rows({ name }: TensorEntry, from: number, to: number): MxArray {
    return this.#plain(this.#tensors.get(name) as GgufTensor, from, to);
  }

  drop(): void {
    this.#waiting.clear();
  }

  #unpack(tensor: GgufTensor): void {
    const [words, scales, biases] = this.#inSlices(tensor, (from, to) => {
      const blocks = unpackBlocks(this.#bytes(tensor, from, to), tensor.type.name as PackedName);
      return [
        fromFlat(blocks.words, [blocks.words.length], mx.uint32),
        fromFlat(blocks.scales, [blocks.scales.length]),
        fromFlat(blocks.biases, [blocks.biases.length]),
      ];
    });
    const module = tensor.name.replace(/\.weight$/, "");
    this.#waiting.set(tensor.name, words);
    this.#waiting.set(`${module}.scales`, scales);
    this.#waiting.set(`${module}.biases`, biases);
  }

  /** Arrays of all rows from arrays of some of them. */
  #inSlices({ shape }: GgufTensor, make: (from: number, to: number) => MxArray[]): MxArray[] {
    const slices = sliceRows(shape, sliceBytes).map(([from, to]) => {
      collect(); // bytes that the last slice was read into
      return make(from, to);
    });
    if (slices.length === 1) return slices[0];
    return slices[0].map((_, part) => mx.concatenate(slices.map((arrays) => arrays[part])));
  }

  #plain(tensor: GgufTensor, from: number, to: number): MxArray {
    const data = this.#bytes(tensor, from, to);
    const shape = [to - from, ...tensor.shape.slice(1)];
    const { name } = tensor.type;
    if (name.startsWith("Q"))
      return fromFlat(decodeSmallGroups(data, name as SmallGroupName), shape);
    const numbers = fromFlat(decodeNumbers(data, name as PlainName), shape);
    if (name === "F32") return numbers;
    return numbers.astype(name === "F16" ? mx.float16 : mx.bfloat16);
  }

  #bytes({ shape, offset, bytes }: GgufTensor, from: number, to: number): Buffer {
    const row = bytes / (shape[0] ?? 1);
    return readFileBytes(this.file, offset + from * row, (to - from) * row);
  }
}
