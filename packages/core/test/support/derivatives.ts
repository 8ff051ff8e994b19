/** Derivatives found without differentiating: central differences along a direction at a site. */
import { type Module, type MxArray, mx } from "@mlxterp/mlx";
import type { GradientMetric } from "../../src/gradients/options.js";
import type { InterpretableModelCore } from "../../src/model/model.js";
import type { Interventions } from "../../src/pass/intervention.js";
import type { Prompt } from "../../src/tokens/tokens.js";

/** Values of a metric whose site is moved by a step along a direction. */
interface Line {
  readonly metric: GradientMetric;
  readonly site: string;
  readonly direction: MxArray;
  readonly interventions?: Interventions;
  /** Further arguments of the forward. */
  readonly args?: readonly unknown[];
  /** Default 1e-2: in float32 rounding weighs as much as curvature there. */
  readonly step?: number;
}

/** @returns (metric(x + step · direction) − metric(x − step · direction)) / (2 · step) */
export function centralDifference(
  model: InterpretableModelCore<Module>,
  input: Prompt,
  { metric, site, direction, interventions = {}, args, step = 1e-2 }: Line,
): number {
  const at = (shift: number): number => {
    const move = (x: MxArray) => mx.add(x, mx.multiply(direction, shift));
    const view = model.edit(interventions); // whose interventions come first
    using trace = view.trace(input, { args, interventions: { [site]: move } });
    const value = (name: string) => trace.value(name);
    const { tokens, result } = trace;
    return Number(metric(trace.output.value, { tokens, result, value }).item());
  };
  return (at(step) - at(-step)) / (2 * step);
}

/** ⟨a, b⟩ */
export function inner(a: MxArray, b: MxArray): number {
  return Number(mx.sum(mx.multiply(a, b)).item());
}

/** A direction of unit length. */
export function randomDirection(shape: readonly number[], seed: number): MxArray {
  const noise = mx.random.normal([...shape], mx.float32, 0, 1, mx.random.key(seed));
  return mx.divide(noise, mx.sqrt(mx.sum(mx.square(noise))));
}
