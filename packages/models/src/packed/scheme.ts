/** How weights are packed: few bits per number, and a scale and an offset for each group. */
import { brief, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";

/** `number = scale · code + bias`, with codes of `bits` bits, for groups along the rows. */
export interface QuantizationScheme {
  readonly bits: number;
  readonly groupSize: number;
}

/** What the binding's kernels know. */
const supportedBits: readonly number[] = [2, 4, 8];
const supportedGroups: readonly number[] = [32, 64, 128];

/** What is wrong with a scheme, if anything: the field and the rule. */
export function faultOf({ bits, groupSize }: QuantizationScheme): {
  readonly field: "bits" | "groupSize";
  readonly rule: string;
} | null {
  if (!supportedBits.includes(bits)) {
    return { field: "bits", rule: `Supported: ${supportedBits.join(", ")}.` };
  }
  if (supportedGroups.includes(groupSize)) return null;
  return { field: "groupSize", rule: `Supported: ${supportedGroups.join(", ")}.` };
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) */
export function checkScheme(scheme: QuantizationScheme): QuantizationScheme {
  const fault = faultOf(scheme);
  if (!fault) return scheme;
  const value = scheme[fault.field];
  throw new InvalidArgumentError(
    `quantize.${fault.field}`,
    value,
    `${brief(value)} is not supported. ${fault.rule}`,
  );
}

/** A packed matrix, or a stack of them. */
export interface PackedWeight extends QuantizationScheme {
  readonly weight: MxArray; // (…, out, in · bits / 32) uint32
  readonly scales: MxArray; // (…, out, in / groupSize)
  readonly biases: MxArray; // (…, out, in / groupSize)
}

/** The arrays of a packed matrix. */
export const packedParts = ["weight", "scales", "biases"] as const;

/** Applies a function to each array of a packed matrix, which acts on rows and leaves each as it is. */
export function mapPacked(packed: PackedWeight, change: (part: MxArray) => MxArray): PackedWeight {
  const { weight, scales, biases, ...scheme } = packed;
  return { weight: change(weight), scales: change(scales), biases: change(biases), ...scheme };
}

/** MLX's kernel packs whole vectors of 32 numbers of uint32, so its rows must be at least so long. */
const leastColumns = ({ bits }: QuantizationScheme) => 1024 / bits;

/** Whether a matrix, or a stack of matrices, divides into groups. */
export function isPackable(shape: readonly number[], scheme: QuantizationScheme): boolean {
  const { rows, columns } = flatShape(shape);
  if (shape.length < 2 || columns % scheme.groupSize !== 0) return false;
  return rowsTogether(rows, columns, scheme) !== undefined;
}

function flatShape(shape: readonly number[]): { readonly rows: number; readonly columns: number } {
  const rows = shape.slice(0, -1).reduce((product, length) => product * length, 1);
  return { rows, columns: shape[shape.length - 1] ?? 0 };
}

/** How many rows, side by side, the kernel can take as one; groups do not cross rows, so nothing else changes. */
function rowsTogether(
  rows: number,
  columns: number,
  scheme: QuantizationScheme,
): number | undefined {
  for (let count = 1; count <= rows; count++) {
    if (rows % count === 0 && count * columns >= leastColumns(scheme)) return count;
  }
  return undefined;
}

/**
 * Packs a matrix, or a stack of them, lazily. Source: MLX's affine quantization, `mlx.core.quantize`.
 *
 * @param weight (…, out, in), packable
 */
export function pack(weight: MxArray, scheme: QuantizationScheme): PackedWeight {
  const { bits, groupSize } = scheme;
  const { rows, columns } = flatShape(weight.shape);
  const wide = weight.reshape([-1, columns * (rowsTogether(rows, columns, scheme) ?? 1)]);
  const [codes, scales, biases] = mx
    .quantize(wide, groupSize, bits)
    .map((part) => part.reshape([...weight.shape.slice(0, -1), -1]));
  return { weight: codes, scales, biases, bits, groupSize };
}

/** @returns (…, out, in), in the dtype of the scales */
export function unpack({ weight, scales, biases, groupSize, bits }: PackedWeight): MxArray {
  return mx.dequantize(weight, scales, biases, groupSize, bits);
}
