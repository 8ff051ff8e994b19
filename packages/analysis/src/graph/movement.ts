/**
 * What is added to what destinations read, so that some of their sources seem to have written what they wrote in the other run.
 *
 * That is a sum over sources. Those that wrote before the pass begins give a part that is known, as does what the other run wrote:
 * one product for all rows that are moved alike. Only what sources write in this pass is looked at row by row.
 */

import { type MxArray, mx } from "@mlxterp/mlx";
import { range } from "../shared/lists.js";
import { once } from "../shared/once.js";
import type { ReadMask } from "./edge-masks.js";
import type { RunPairs } from "./edge-runs.js";
import { type ReadKind, type ReadSite, readsByHead } from "./graph.js";
import { isLeft, type Settled } from "./settled.js";

/** What sources that stand together write in this pass. */
export interface Written {
  readonly from: number;
  readonly to: number;
  /** (rows, to − from, position · hidden) */
  readonly values: MxArray;
}

export interface Movement {
  readonly written: readonly Written[];
  /** To be called with what sources from a number on write, (rows, sources, position, hidden). */
  wrote(x: MxArray, from: number): void;
  /** What is read, (rows, position, [count], hidden), moved. */
  moved(x: MxArray, mask: ReadMask, read: ReadSite): MxArray;
}

/** What is known of a pass. */
interface Moving {
  /** How many sources write what they wrote in the clean run. */
  readonly begun: number;
  /** Whether what is read is the sum of the edges that are left, and not what stands there. */
  readonly summed: boolean;
  /** What is known of others, for sums. */
  readonly settled?: Settled | undefined;
}

/** @param numbers of the pair that each row belongs to */
export function movement(
  pairs: RunPairs,
  numbers: readonly number[],
  { begun, summed, settled }: Moving,
): Movement {
  const { clean } = pairs;
  const [, , length, hidden] = clean.writes.shape;
  const written: Written[] = [];
  const known = once(() => mx.array(pairs.graph.sources.map((_, at) => (at < begun || settled?.of[at] ? 1 : 0)))); // biome-ignore format: one line
  const wrote = (x: MxArray, from: number) => {
    const [rows, count] = x.shape;
    written.push({
      from,
      to: from + count,
      values: x.astype(mx.float32).reshape([rows, count, length * hidden]),
    });
  };
  const own = (values: MxArray, counts: (block: Written) => boolean, start: MxArray) =>
    written.filter(counts).reduce((sum, { from, to, values: now }) => {
      const share = values.index(mx.Slice(), mx.Slice(), mx.Slice(from, to));
      return mx.addmm(sum, share, now);
    }, start); // (rows or 1, count, position · hidden)
  const shaped = (x: MxArray, kind: ReadKind) => {
    const byColumn = x.reshape([x.shape[0], -1, length, hidden]);
    return readsByHead(kind) ? byColumn.transpose(0, 2, 1, 3) : byColumn.squeeze(1);
  };
  const moved = (x: MxArray, { values, moves, keeps }: ReadMask, read: ReadSite) => {
    const { reach, kind } = read;
    const upTo = (of: MxArray, end: number) => of.index(mx.Slice(), mx.Slice(), mx.Slice(0, end)); // what is written later is not read
    if (!summed) {
      const known = knownMovement(knownWrites(pairs, begun), numbers, upTo(values, reach));
      const moving = ({ from, to }: Written) => to <= reach && moves(from, to);
      return mx.add(x, shaped(own(mx.negative(values), moving, known), kind));
    }
    const left = mx.subtract(1, values);
    const other = knownMovement(flat(pairs.corrupted.writes), numbers, upTo(values, reach));
    const mask = { values, moves, keeps };
    const fresh = ({ from, to }: Written) => to <= reach && isLeft(mask, settled, from, to);
    const now = settled ? mx.multiply(left, mx.subtract(1, known())) : left;
    const before = settled
      ? knownMovement(flat(settled.writes), numbers, upTo(mx.multiply(left, known()), reach))
      : knownMovement(flat(pairs.clean.writes), numbers, upTo(left, begun));
    const kept = own(now, fresh, mx.add(other, before));
    const whole = mx.add(shaped(kept, kind), constantOf(pairs, read));
    return mx.broadcastTo(whole, x.shape);
  };
  return { written, wrote, moved };
}

const constants = new WeakMap<RunPairs, Map<string, MxArray>>();

/**
 * What stands at a site in any run beside what its sources write: biases, the same at every position; (hidden).
 *
 * With it a read is a sum of what sources write, of which those that are left out need no run.
 */
function constantOf(pairs: RunPairs, { site, kind, layer, reach }: ReadSite): MxArray {
  const known = constants.get(pairs) ?? new Map<string, MxArray>();
  constants.set(pairs, known);
  const found = known.get(site);
  if (found) return found;
  const { stream, mlpReads, writes } = pairs.clean;
  const whole = (kind === "mlp" ? mlpReads : stream)[layer].astype(mx.float32);
  const sources = mx.sum(writes.index(mx.Slice(), mx.Slice(0, reach)), 1);
  const mean = mx.mean(mx.subtract(whole, sources), [0, 1]);
  const rounding = mx.multiply(mx.max(mx.abs(whole)), 1e-6);
  const constant = mx.where(mx.greater(mx.max(mx.abs(mean)), rounding), mean, 0);
  known.set(site, constant);
  return constant;
}

const kept = new WeakMap<RunPairs, { readonly begun: number; readonly writes: MxArray }>();

/**
 * What each source wrote in the other run, less what it wrote in the clean one where it has written before the pass begins,
 * (pair, source, position · hidden). A search begins hundreds of passes at one layer.
 */
function knownWrites(pairs: RunPairs, begun: number): MxArray {
  const known = kept.get(pairs);
  if (known?.begun === begun) return known.writes;
  const { clean, corrupted } = pairs;
  const [count, sources] = clean.writes.shape;
  const part = (x: MxArray, from: number, to: number) => x.index(mx.Slice(), mx.Slice(from, to));
  const before = mx.subtract(part(corrupted.writes, 0, begun), part(clean.writes, 0, begun));
  const after = begun < sources ? [part(corrupted.writes, begun, sources)] : [];
  const writes = stacked([before, ...after], 1).reshape([count, sources, -1]);
  kept.set(pairs, { begun, writes });
  return writes;
}

/** (pair, source, position · hidden) */
function flat(writes: MxArray): MxArray {
  return writes.reshape([writes.shape[0], writes.shape[1], -1]);
}

/** @returns (rows, count, position · hidden), or of one row where that serves all */
function knownMovement(other: MxArray, numbers: readonly number[], values: MxArray): MxArray {
  const [different, count, sources] = values.shape;
  const product = (own: MxArray, pair: number) => {
    const rows = own.reshape([-1, sources]);
    const writes = other.index(pair, mx.Slice(0, sources));
    return mx.matmul(rows, writes).reshape([own.shape[0], count, -1]);
  };
  if (different === 1) {
    const pairs = [...new Set(numbers)];
    const each = stacked(pairs.map((pair) => product(values, pair)));
    return ofRows(each, numbers.map((pair) => pairs.indexOf(pair))); // biome-ignore format: one call
  }
  const starts = range(numbers.length).filter((row) => numbers[row] !== numbers[row - 1]);
  return stacked(
    starts.map((start, index) => {
      const own = values.index(mx.Slice(start, starts[index + 1] ?? numbers.length));
      return product(own, numbers[start]);
    }),
  );
}

function stacked(parts: readonly MxArray[], axis = 0): MxArray {
  return parts.length === 1 ? parts[0] : mx.concatenate([...parts], axis);
}

/** Pairs' values as rows' values; of one row where all are of one pair. */
function ofRows(x: MxArray, numbers: readonly number[]): MxArray {
  const [first] = numbers;
  if (numbers.every((pair) => pair === first)) return x.index(mx.Slice(first, first + 1));
  const each = numbers.length === x.shape[0] && numbers.every((pair, row) => pair === row);
  return each ? x : mx.take(x, mx.array([...numbers], mx.int32), 0);
}
