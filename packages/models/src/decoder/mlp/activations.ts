/** The nonlinearities of the MLPs, each in its fastest exact form on this device. */
import { type MxArray, mx } from "@mlxterp/mlx";
import type { PlainActivationName } from "../config/config.js";

type Activation = (x: MxArray) => MxArray;

/** `x · σ(k · x)`, of which SiLU and the quick GELU are cases. */
function gatedBySigmoid(x: MxArray, k: number): MxArray {
  return mx.multiply(x, mx.sigmoid(k === 1 ? x : mx.multiply(x, k)));
}

/**
 * The tanh form of GELU. `0.5 · (1 + tanh(u))` equals `σ(2u)`, which has fewer passes over the array, and whose gradient
 * stays finite far out, where that of `1 / (1 + exp(-2u))` is zero times infinity.
 */
function geluTanh(x: MxArray): MxArray {
  const k = 2 * Math.sqrt(2 / Math.PI);
  const twice = mx.multiply(x, mx.add(mx.multiply(mx.square(x), 0.044715 * k), k)); // 2u
  return mx.multiply(x, mx.sigmoid(twice));
}

function gelu(x: MxArray): MxArray {
  return mx.multiply(mx.multiply(x, 0.5), mx.add(mx.erf(mx.multiply(x, Math.SQRT1_2)), 1));
}

/** By name, as `MlpConfig.activation` says; those that learn nothing. */
export const activations: Readonly<Record<PlainActivationName, Activation>> = {
  gelu,
  geluTanh,
  geluQuick: (x) => gatedBySigmoid(x, 1.702),
  relu: (x) => mx.maximum(x, 0),
  reluSquared: (x) => mx.square(mx.maximum(x, 0)),
  silu: (x) => gatedBySigmoid(x, 1),
};
