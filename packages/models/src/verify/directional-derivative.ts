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

/** Parts of the length of the value: where a gradient is small, the smallest change the metric by a few hundred of its last bits. */
const steps = [8e-3, 4e-3, 2e-3, 1e-3, 5e-4];

/** A site on its ways there and back. */
interface Moves {
  readonly site: string;
  readonly expected: number;
  readonly unit: number;
  readonly shifts: readonly MxArray[];
}

/**
 * Moves a site along the sum of its gradient's direction and a random one of the same length: the first makes the
 * change large against the rounding of float32, the second tells a gradient from a part of one.
 */
export async function derivativeByDifferences(
  model: Model,
  ids: readonly (readonly number[])[],
  metric: GradientMetric,
  checked: CheckedGradient,
): Promise<Derivative> {
  return (await derivativesByDifferences(model, ids, metric, [checked]))[0];
}

/** The same for many sites, each moved by itself: in one pass with a row for each move, where sites have rows. */
export async function derivativesByDifferences(
  model: Model,
  ids: readonly (readonly number[])[],
  metric: GradientMetric,
  checked: readonly CheckedGradient[],
): Promise<Derivative[]> {
  const moves = checked.map(movesOf);
  const together = metricsOfRows(model, ids, metric, moves);
  const shifted = moves.map(
    ({ site, shifts }) =>
      together.get(site) ?? shifts.map((shift) => metricAt(model, ids, metric, site, shift)),
  );
  await evaluate(shifted.flat());
  return moves.map((move, index) => derivative(move, shifted[index]));
}

function movesOf({ site, gradient, value }: CheckedGradient): Moves {
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
  return { site, expected, unit, shifts };
}

function derivative({ expected, unit }: Moves, shifted: readonly MxArray[]): Derivative {
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
 * @returns by site; without those that have no row for each prompt, such as learned positions
 */
function metricsOfRows(
  model: Model,
  ids: readonly (readonly number[])[],
  metric: GradientMetric,
  moves: readonly Moves[],
): Map<string, MxArray[]> {
  const found = new Map<string, MxArray[]>();
  const inRows = moves.filter(({ shifts }) => ids.length === 1 && shifts[0].shape[0] === 1);
  const rows = inRows.flatMap(({ shifts }) => shifts).length;
  if (rows === 0) return found;
  const unmoved = new Set<string>();
  const interventions = inRows.map(({ site, shifts }, index) => {
    const first = index * shifts.length;
    const move = (x: MxArray) => {
      if (x.shape[0] === rows) return mx.add(x, amongRows(shifts, first, rows));
      unmoved.add(site);
      return x;
    };
    return [site, move] as const;
  });
  using trace = model.trace(new Array(rows).fill(ids[0]), {
    interventions: Object.fromEntries(interventions),
  });
  const tokens = model.tokens(ids);
  for (const [index, { site, shifts }] of inRows.entries()) {
    if (unmoved.has(site)) continue;
    const metrics = shifts.map((_, shift) => {
      const row = index * shifts.length + shift;
      const own = (x: MxArray) => x.index(mx.Slice(row, row + 1));
      const result = isArray(trace.result) ? own(trace.result) : trace.result;
      const value = (name: string) => own(trace.value(name));
      return metric(own(trace.output.value), { tokens, result, value });
    });
    found.set(site, metrics);
  }
  return found;
}

/** Shifts in rows of their own, with nothing in those before and after. */
function amongRows(shifts: readonly MxArray[], first: number, rows: number): MxArray {
  const nothing = (count: number) => mx.zeros([count, ...shifts[0].shape.slice(1)]);
  const after = rows - first - shifts.length;
  return mx.concatenate([nothing(first), ...shifts, nothing(after)], 0);
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
