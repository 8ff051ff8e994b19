/**
 * Products in half precision, on the CPU by way of float32. The binding 0.0.7 cannot compute them there, and says so where
 * nobody can catch it: the process ends.
 */
import type { Call, Calls } from "./operations-in-steps.js";
import type { Dtype, MxArray } from "./types/array.js";
import type { Mx } from "./types/core.js";

const names = [
  "matmul addmm inner tensordot convolve conv1d conv2d conv3d convGeneral blockMaskedMM",
  "gatherMM gatherQMM blockSparseMM blockSparseQMM quantizedMatmul",
]
  .join(" ")
  .split(" ");

/** Exchanges every operation that multiplies matrices. */
export function installHalfProducts(mx: Mx): void {
  const core = mx as unknown as Calls;
  for (const name of names) exchange(mx, core, name);
  exchange(mx, mx.fast as unknown as Calls, "scaledDotProductAttention");
}

function exchange(mx: Mx, holder: Calls, name: string): void {
  const own = holder[name];
  if (!own) return;
  const { float16, bfloat16, float32 } = mx;
  const half = (dtype: Dtype | undefined) => dtype === float16 || dtype === bfloat16;
  const widened: Call = (...inputs) => {
    const wide = inputs.map((input) =>
      half(dtypeOf(input)) ? (input as MxArray).astype(float32) : input,
    );
    const kinds = new Set(inputs.map(dtypeOf).filter((dtype) => half(dtype) || dtype === float32));
    const [dtype] = kinds.size === 1 ? kinds : [float32];
    return (own(...wide) as MxArray).astype(dtype!);
  };
  holder[name] = (...inputs) => {
    const wanted = inputs.some((input) => half(dtypeOf(input)));
    return wanted && mx.defaultDevice().type === mx.cpu ? widened(...inputs) : own(...inputs);
  };
}

function dtypeOf(value: unknown): Dtype | undefined {
  return typeof value === "object" && value !== null ? (value as MxArray).dtype : undefined;
}
