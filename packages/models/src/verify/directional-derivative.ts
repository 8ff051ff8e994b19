/** Derivatives found without differentiating: how a metric changes when a site moves along a direction. */
import type { GradientMetric, InterpretableModelCore } from "@mlxterp/core";
import { evaluate, isArray, type Module, type MxArray, mx } from "@mlxterp/mlx";

/** A gradient that is to be checked, with the value it belongs to. */
interface CheckedGradient {
  readonly site: string;
  readonly gradient: MxArray;
  readonly value: MxArray;
}

/** A derivative in one direction, by gradient and by differences. */
export interface Derivative {
  /** ⟨gradient, direction⟩; 0 for a gradient that is zero, whatever the direction */
  readonly expected: number;
  /** From differences with the step that agrees best: all converge, until rounding outweighs the change. */
  readonly received: number;
}

type Model = InterpretableModelCore<Module>;

/** Parts of the length of the value. */
const steps = [2e-3, 1e-3, 5e-4];

/**
 * Moves a site along the sum of its gradient's direction and a random one of the same length: the first makes the
 * change large against the rounding of float32, the second tells a gradient from a part of one.
 */
export async function derivativeByDifferences(
  model: Model,
  ids: readonly (readonly number[])[],
  metric: GradientMetric,
  { site, gradient, value }: CheckedGradient,
): Promise<Derivative> {
  const length = norm(gradient);
  const random = mx.random.normal(gradient.shape, mx.float32, 0, 1, mx.random.key(3));
  const along = length === 0 ? gradient : mx.divide(gradient, length);
  const direction = mx.add(along, mx.divide(random, norm(random)));
  const expected = Number(mx.sum(mx.multiply(gradient, direction)).item());
  const masked = mx.greater(mx.abs(value), 1e8); // scores of keys that are hidden
  const unit = norm(mx.where(masked, mx.zerosLike(value), value)) || 1;
  const shifts = steps
    .flatMap((step) => [step, -step])
    .map((step) => mx.multiply(direction, unit * step));
  const shifted =
    metricsOfRows(model, ids, metric, site, shifts) ??
    shifts.map((shift) => metricAt(model, ids, metric, site, shift));
  await evaluate(shifted);
  const numbers = shifted.map((number) => Number(number.item()));
  const slopes = steps.map(
    (step, index) => (numbers[2 * index] - numbers[2 * index + 1]) / (2 * step * unit),
  );
  // Richardson: two steps of which one is half the other cancel the cubic term.
  const estimates = slopes.slice(1).map((fine, index) => (4 * fine - slopes[index]) / 3);
  return { expected, received: closest(estimates, expected) };
}

/**
 * The metrics of one pass with a row for each shift: as many passes take several times as long where a model is small.
 *
 * @returns undefined where the site has no row for each prompt, such as learned positions
 */
function metricsOfRows(
  model: Model,
  ids: readonly (readonly number[])[],
  metric: GradientMetric,
  site: string,
  shifts: readonly MxArray[],
): MxArray[] | undefined {
  if (ids.length !== 1 || shifts[0].shape[0] !== 1) return undefined;
  let perRow = true;
  const move = (x: MxArray) => {
    perRow &&= x.shape[0] === shifts.length;
    return perRow ? mx.add(x, mx.concatenate([...shifts], 0)) : x;
  };
  using trace = model.trace(new Array(shifts.length).fill(ids[0]), {
    interventions: { [site]: move },
  });
  if (!perRow) return undefined;
  const tokens = model.tokens(ids);
  return shifts.map((_, row) => {
    const own = (x: MxArray) => x.index(mx.Slice(row, row + 1));
    const result = isArray(trace.result) ? own(trace.result) : trace.result;
    return metric(own(trace.output.value), {
      tokens,
      result,
      value: (name) => own(trace.value(name)),
    });
  });
}

/** The metric of a pass in which a site is moved; lazy. */
export function metricAt(
  model: Model,
  ids: readonly (readonly number[])[],
  metric: GradientMetric,
  site: string,
  shift: MxArray,
): MxArray {
  using trace = model.trace(ids, { interventions: { [site]: (x) => mx.add(x, shift) } });
  const { tokens, result } = trace;
  const value = (name: string) => trace.value(name);
  return metric(trace.output.value, { tokens, result, value });
}

export function closest(estimates: readonly number[], expected: number): number {
  return estimates.reduce((best, one) =>
    Math.abs(one - expected) < Math.abs(best - expected) ? one : best,
  );
}

function norm(x: MxArray): number {
  return Math.sqrt(Number(mx.sum(mx.square(x)).item()));
}
