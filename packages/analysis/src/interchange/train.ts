/** Learns which part of an activation carries a variable, by gradients through the layers above. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { logitsOf } from "../shared/token-sets.js";
import { completed, informedColumns } from "./informed-start.js";
import { nearestOrthonormal, orthonormalOf, randomOrthonormal, type Subspace } from "./mix.js";
import type { AskedDas } from "./options.js";
import { type HeldPairs, interchangedLogits, pickPairs } from "./runs.js";

/** What is learned, by kind: columns, and what says how much of each. */
interface Point {
  readonly columns?: MxArray; // (hidden, k)
  readonly gate?: MxArray; // (hidden) logits of a mask, or (1) a boundary
}

/** The start and end of the softness of learned sizes: soft first, so that gradients find their way. */
const [warm, cold] = [10, 0.2];

/**
 * @param held all pairs that may be learned from
 * @returns the part, computed, with hard masks
 */
export async function learnSubspace(
  model: AnalysisModel,
  held: HeldPairs,
  asked: AskedDas,
): Promise<Subspace> {
  const start = await startOf(model, held, asked);
  let point = start;
  let moments = { first: zeros(point), second: zeros(point) };
  const batches = inBatches(range(held.ids.length), asked.batchSize);
  for (let step = 1; step <= asked.steps; step++) {
    asked.signal?.throwIfAborted();
    const rows = stretched(pickPairs(held, batches[step % batches.length]), step, asked.steps);
    const temperature = warm * (cold / warm) ** (step / asked.steps);
    const loss = (...parts: MxArray[]) =>
      lossOf(model, rows, pointOf(asked, parts), { asked, temperature });
    const own = partsOf(point);
    const gradients = mx.grad(
      loss,
      own.map((_, at) => at),
    )(...own) as unknown as MxArray | MxArray[];
    const found = Array.isArray(gradients) ? gradients : [gradients];
    const rate = asked.learningRate * (1 - (step - 1) / asked.steps);
    const moved = own.map((value, at) => {
      const size = asked.kind === "mask" ? 10 : 1;
      return adam(value, found[at], moments.first[at], moments.second[at], { step, rate: size * rate }); // biome-ignore format: one line
    });
    moments = { first: moved.map(({ first }) => first), second: moved.map(({ second }) => second) };
    point = pointOf(
      asked,
      moved.map(({ value }) => (value.ndim === 2 ? orthonormalOf(value) : value)),
    );
    await evaluate([...partsOf(point), ...moments.first, ...moments.second]);
  }
  return best(model, held, [...hard(point, asked), ...hard(start, asked)], asked);
}

async function startOf(model: AnalysisModel, held: HeldPairs, asked: AskedDas): Promise<Point> {
  const { kind, size, seed, batchSize } = asked;
  const { hidden } = model.anatomy;
  if (kind === "mask") return { gate: mx.zeros([hidden]) };
  const count = kind === "rotation" ? Math.min(size, hidden) : hidden;
  const informed = await informedColumns(model, held, batchSize);
  const random = hostColumns(randomOrthonormal(hidden, hidden, seed));
  const columns = mx.array(completed(informed, random, count));
  return kind === "rotation" ? { columns } : { columns, gate: mx.array([0.25]) };
}

function hostColumns(square: MxArray): Float64Array[] {
  const [rows, count] = square.shape;
  const values = toFlat(square.T.reshape([-1]));
  return range(count).map((at) => Float64Array.from(values.slice(at * rows, (at + 1) * rows)));
}

const partsOf = ({ columns, gate }: Point) => [columns, gate].filter((one): one is MxArray => one !== undefined); // biome-ignore format: one line
const zeros = (point: Point) => partsOf(point).map((one) => mx.zerosLike(one));

function pointOf({ kind }: AskedDas, parts: readonly MxArray[]): Point {
  if (kind === "mask") return { gate: parts[0] };
  return kind === "rotation" ? { columns: parts[0] } : { columns: parts[0], gate: parts[1] };
}

/** The share of steps after which exchanges are learned as they are judged. */
const stretchedSteps = 0.75;
/** Multiples of it leave no long regular gaps. */
const golden = (Math.sqrt(5) - 1) / 2;

/**
 * Sources from half to twice as far from their bases, pair by pair otherwise. Where attention is saturated an exchange that
 * does too little, or what is missing to it, has no slope; somewhere on this way it has.
 */
function stretched(rows: HeldPairs, step: number, steps: number): HeldPairs {
  if (step > stretchedSteps * steps) return rows;
  const count = rows.ids.length;
  const far = range(count).map((row) => [0.5 * 4 ** (((step * count + row) * golden) % 1)]);
  const way = mx.multiply(mx.subtract(rows.source, rows.base), mx.array(far));
  return { ...rows, source: mx.add(rows.base, way) };
}

/** 1 for the first coordinates, up to a boundary with a soft edge; as hard as can be, they are what is judged. */
function upTo(boundary: MxArray, hidden: number, temperature: number): MxArray {
  const places = mx.arange(0.5, hidden, 1, mx.float32);
  const end = mx.multiply(mx.minimum(mx.maximum(boundary, 1e-3), 1), hidden);
  return mx.sigmoid(mx.divide(mx.subtract(end, places), temperature));
}

interface Softness {
  readonly asked: AskedDas;
  readonly temperature: number;
}

function lossOf(
  model: AnalysisModel,
  rows: HeldPairs,
  point: Point,
  { asked, temperature }: Softness,
): MxArray {
  const { hidden } = model.anatomy;
  const { columns, gate } = point;
  const rotation = columns && nearestOrthonormal(columns, 3);
  const mask = gate && (asked.kind === "mask" ? mx.sigmoid(mx.divide(gate, temperature / 10)) : upTo(gate.index(0), hidden, temperature)); // biome-ignore format: one line
  const missed = mx.mean(missedBy(model, rows, { rotation, mask }));
  return mask ? mx.add(missed, mx.multiply(mx.mean(mask), asked.sparsity)) : missed;
}

/** How far each pair is from the answer that the exchange should give: between the two answers, as it is judged. */
function missedBy(model: AnalysisModel, rows: HeldPairs, part: Subspace): MxArray {
  const logits = interchangedLogits(model, rows, part);
  const lead = mx.subtract(logitsOf(logits, rows.wrongAnswer), logitsOf(logits, rows.answer));
  return mx.logaddexp(0, mx.negative(lead));
}

/** Of columns the mean squared length, whatever the basis: coordinates by themselves would each be moved as far by noise alone. */
function sizeOf(gradient: MxArray): MxArray {
  const squares = mx.square(gradient);
  if (gradient.ndim < 2) return squares;
  return mx.broadcastTo(mx.divide(mx.sum(squares), gradient.shape[1]), gradient.shape);
}

function adam(
  value: MxArray,
  gradient: MxArray,
  before: MxArray,
  squares: MxArray,
  { step, rate }: { readonly step: number; readonly rate: number },
) {
  const first = mx.add(mx.multiply(before, 0.9), mx.multiply(gradient, 0.1));
  const second = mx.add(mx.multiply(squares, 0.99), mx.multiply(sizeOf(gradient), 0.01));
  const spread = mx.add(mx.sqrt(mx.divide(second, 1 - 0.99 ** step)), 1e-8);
  const moved = mx.multiply(mx.divide(first, spread), rate / (1 - 0.9 ** step));
  return { value: mx.subtract(value, moved), first, second };
}

/** Every coordinate in or out; of learned sizes the boundary that was found, and those below and a little above. */
function hard({ columns, gate }: Point, { kind }: AskedDas): Subspace[] {
  if (kind === "rotation" || !gate || !columns) {
    return [kind === "mask" && gate ? { mask: mx.greater(gate, 0).astype(mx.float32) } : { rotation: columns }]; // biome-ignore format: one line
  }
  const [hidden] = columns.shape;
  const end = Math.max(1, Math.round(hidden * Math.min(1, Math.max(1e-3, Number(gate.item())))));
  const sizes = [1, 2, 3, 4, 6, 8, 12, 16].filter((size) => size < end);
  const all = [...sizes, ...[1, 0.75, 1.5].map((share) => Math.round(end * share))];
  const kept = new Set(all.filter((size) => size >= 1 && size <= hidden));
  return [...kept].map((size) => ({ rotation: columns.index(mx.Slice(), mx.Slice(0, size)) }));
}

/** Of several parts that which is worth most, by what was learned by: soft edges may have hidden that fewer coordinates do as well. */
async function best(
  model: AnalysisModel,
  held: HeldPairs,
  found: readonly Subspace[],
  { batchSize, sparsity, kind }: AskedDas,
): Promise<Subspace> {
  const { hidden } = model.anatomy;
  let [lowest, chosen] = [Number.POSITIVE_INFINITY, found[0]];
  for (const part of found) {
    let missed = 0;
    for (const batch of inBatches(range(held.ids.length), batchSize)) {
      const own = mx.sum(missedBy(model, pickPairs(held, batch), part));
      await evaluate([own]);
      missed += Number(own.item()) / held.ids.length;
    }
    const size = part.mask ? Number(mx.sum(part.mask).item()) : (part.rotation?.shape[1] ?? hidden);
    const cost = missed + (kind === "rotation" ? 0 : (sparsity * size) / hidden);
    if (cost < lowest && size > 0) [lowest, chosen] = [cost, part];
  }
  return chosen;
}
