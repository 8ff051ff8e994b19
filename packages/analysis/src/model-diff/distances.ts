/** How far vectors are from others, as a share of their length. */
import { type MxArray, mx } from "@mlxterp/mlx";

/** ‖b − a‖ / ‖a‖ along the last axis. */
export function relativeDistance(a: MxArray, b: MxArray): MxArray {
  return mx.divide(lengths(mx.subtract(b, a)), mx.maximum(lengths(a), 1e-30));
}

/** The mean over positions of ‖b − a‖, as a share of that of ‖a‖: positions come first, vectors last. */
export function meanDistance(a: MxArray, b: MxArray): MxArray {
  const [far, size] = [lengths(mx.subtract(b, a)), lengths(a)].map((one) => mx.mean(one, 0));
  return mx.divide(far, mx.maximum(size, 1e-30));
}

const lengths = (x: MxArray) => mx.sqrt(mx.sum(mx.square(x), -1));
