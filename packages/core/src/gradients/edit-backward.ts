/**
 * A change of the gradient on its way back, made of nothing but a forward.
 *
 * The binding differentiates, but lets nobody take part in it. What can be had: `x + Lᵀ(x − stop(x)) − (x − stop(x))`
 * has the value of `x`, and hands the gradient `L g` back where `g` arrives; and adding `⟨b, x − stop(x)⟩` to the metric,
 * which is zero, hands back `b`. So any edit `g → L g + b` costs one pass. An edit that is not linear is made so at an
 * estimate of what arrives, and `settle` repeats until what was handed back is what the edit says.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import { applyIn } from "../pass/apply.js";
import type { Place } from "./places.js";

/** Where the edits of a place are made linear. */
export interface Linearization {
  /** An estimate of the gradient that arrives. */
  readonly at: MxArray;
  /** What the edits make of the gradient, less its linear part: h(at) − L at. */
  readonly offset: MxArray;
}

/** What a place hands back for the gradient that arrives. */
export function editGradient({ edits, context }: Place, gradient: MxArray): MxArray {
  return edits.reduce((current, edit) => applyIn(context, edit, current), gradient);
}

/** @returns the linearization of a place's edits at an estimate of what arrives; computes nothing */
export function linearize(place: Place, at: MxArray): Linearization {
  const transposed = (u: MxArray) => linearPart(place, at, u);
  const [, [linear]] = mx.vjp(transposed, [mx.zerosLike(at)], [at]); // (Lᵀ)ᵀ at
  return { at, offset: mx.subtract(editGradient(place, at), linear) };
}

/**
 * @param x the value at the place
 * @param linearization default: at zero, which is exact for every linear edit
 * @returns the same value with another backward, and a zero to be added to the metric
 */
export function editBackward(
  place: Place,
  x: MxArray,
  linearization?: Linearization,
): { value: MxArray; carried: MxArray } {
  const at = linearization?.at ?? mx.zerosLike(x);
  const offset = linearization?.offset ?? editGradient(place, at);
  const fixed = mx.stopGradient(x);
  const zero = withoutNaN(mx.subtract(x, fixed)); // masked scores may be infinite
  return {
    value: mx.add(fixed, withoutNaN(linearPart(place, at, zero))), // edits may divide by what is zero
    carried: mx.sum(mx.multiply(mx.stopGradient(offset), zero).astype(mx.float32)),
  };
}

/** Zeros where numbers are missing; for what is zero everywhere else. */
function withoutNaN(x: MxArray): MxArray {
  return mx.where(mx.isnan(x), mx.zerosLike(x), x);
}

/** Lᵀ u, where L is the derivative of the place's edits at `at`. */
function linearPart(place: Place, at: MxArray, u: MxArray): MxArray {
  const [, [product]] = mx.vjp((g) => editGradient(place, g), [mx.stopGradient(at)], [u]);
  return product;
}
