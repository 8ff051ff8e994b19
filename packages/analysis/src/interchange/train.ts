/** Learns which part of an activation carries a variable, by gradients through the layers above. */
import { evaluate, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { inBatches, range } from "../shared/lists.js";
import type { AnalysisModel } from "../shared/model.js";
import { logitsOf } from "../shared/token-sets.js";
import { completed, informedColumns } from "./informed-start.js";
import {
  boundlessMask,
  nearestOrthonormal,
  orthonormalOf,
  randomOrthonormal,
  type Subspace,
} from "./mix.js";
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
  let point = await startOf(model, held, asked);
  let moments = { first: zeros(point), second: zeros(point) };
  const batches = inBatches(range(held.ids.length), asked.batchSize);
  for (let step = 1; step <= asked.steps; step++) {
    asked.signal?.throwIfAborted();
    const rows = pickPairs(held, batches[step % batches.length]);
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
      const size =
        value.ndim === 2 ? 1 / Math.sqrt(value.shape[1]) : asked.kind === "mask" ? 10 : 1;
      return adam(value, found[at], moments.first[at], moments.second[at], { step, rate: size * rate }); // biome-ignore format: one line
    });
    moments = { first: moved.map(({ first }) => first), second: moved.map(({ second }) => second) };
    point = pointOf(
      asked,
      moved.map(({ value }) => (value.ndim === 2 ? orthonormalOf(value) : value)),
    );
    await evaluate([...partsOf(point), ...moments.first, ...moments.second]);
  }
  return hard(model, point, asked);
}

async function startOf(model: AnalysisModel, held: HeldPairs, asked: AskedDas): Promise<Point> {
  const { kind, size, seed, batchSize } = asked;
  const { hidden } = model.anatomy;
  if (kind === "mask") return { gate: mx.zeros([hidden]) };
  const count = kind === "rotation" ? Math.min(size, hidden) : hidden;
  const informed = await informedColumns(model, held, batchSize);
  const random = hostColumns(randomOrthonormal(hidden, hidden, seed));
  const columns = mx.array(completed(informed, random, count));
  return kind === "rotation" ? { columns } : { columns, gate: mx.array([0.5]) };
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
  const mask = gate && (asked.kind === "mask" ? mx.sigmoid(mx.divide(gate, temperature / 10)) : boundlessMask(gate.index(0), hidden, temperature)); // biome-ignore format: one line
  const logits = interchangedLogits(model, rows, { rotation, mask });
  const lead = mx.subtract(logitsOf(logits, rows.wrongAnswer), logitsOf(logits, rows.answer));
  const missed = mx.mean(mx.logaddexp(0, mx.negative(lead))); // between the two answers, as it is judged
  return mask ? mx.add(missed, mx.multiply(mx.mean(mask), asked.sparsity)) : missed;
}

function adam(
  value: MxArray,
  gradient: MxArray,
  before: MxArray,
  squares: MxArray,
  { step, rate }: { readonly step: number; readonly rate: number },
) {
  const first = mx.add(mx.multiply(before, 0.9), mx.multiply(gradient, 0.1));
  const second = mx.add(mx.multiply(squares, 0.99), mx.multiply(mx.square(gradient), 0.01));
  const spread = mx.add(mx.sqrt(mx.divide(second, 1 - 0.99 ** step)), 1e-8);
  const moved = mx.multiply(mx.divide(first, spread), rate / (1 - 0.9 ** step));
  return { value: mx.subtract(value, moved), first, second };
}

/** Every coordinate in or out. */
function hard(
  { anatomy: { hidden } }: AnalysisModel,
  { columns, gate }: Point,
  { kind }: AskedDas,
): Subspace {
  if (kind === "rotation" || !gate) return { rotation: columns };
  if (kind === "mask") return { mask: mx.greater(gate, 0).astype(mx.float32) };
  const end = Math.max(1, Math.round(hidden * Math.min(1, Math.max(1e-3, Number(gate.item())))));
  return { rotation: columns?.index(mx.Slice(), mx.Slice(0, end)) };
}
