/** Reads the one tensor of a safetensors file, as the server sends activations. */
import { MlxterpError } from "@mlxterp/results";

/** Numbers with their shape, row by row. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Bytes that are no tensor this page can read. */
class TensorFormatError extends MlxterpError {
  readonly code = "TENSOR_FORMAT";
}

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** @throws TensorFormatError (`TENSOR_FORMAT`) */
export function readTensor(bytes: ArrayBuffer): Tensor {
  const size = bytes.byteLength < 8 ? 0 : Number(new DataView(bytes).getBigUint64(0, true));
  if (size === 0 || size > bytes.byteLength - 8) {
    throw new TensorFormatError("The server sent a tensor that is cut off. Try again.");
  }
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 8, size)));
  const { __metadata__: _, ...tensors } = header as Record<string, Entry>;
  const [tensor] = Object.values(tensors);
  if (tensor === undefined) throw new TensorFormatError("The server sent no tensor.");
  const [from, to] = tensor.data_offsets;
  return {
    shape: tensor.shape,
    values: numbers(bytes.slice(8 + size + from, 8 + size + to), tensor),
  };
}

function numbers(bytes: ArrayBuffer, { dtype }: Entry): Float32Array {
  switch (dtype) {
    case "F32":
      return new Float32Array(bytes);
    case "BF16": // the upper half of a float32
      return new Float32Array(
        Uint32Array.from(new Uint16Array(bytes), (bits) => bits << 16).buffer,
      );
    case "F16":
      return Float32Array.from(new Uint16Array(bytes), halfToNumber);
    default:
      throw new TensorFormatError(
        `The server sent numbers of type ${dtype}, which have no direction.`,
      );
  }
}

function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
