/**
 * What is added to what destinations read, so that some of their sources seem to have written what they wrote in the other run.
 *
 * That is a sum over sources. Those that wrote before the pass begins give a part that is known, as does what the other run wrote:
 * one product for all rows that are moved alike. Only what sources write in this pass is looked at row by row.
 */
import { type MxArray, mx } from "@mlxterp/mlx";
import { range } from "../shared/lists.js";
import type { ReadMask } from "./edge-masks.js";
import type { RunPairs } from "./edge-runs.js";
import { type ReadSite, readsByHead } from "./graph.js";

/** What sources that stand together write in this pass. */
interface Written {
  readonly from: number;
  readonly to: number;
  /** (rows, to − from, position · hidden) */
  readonly values: MxArray;
}

export interface Movement {
  /** To be called with what the next sources write, (rows, sources, position, hidden). */
  wrote(x: MxArray): void;
  /** What is read, (rows, position, [count], hidden), moved. */
  moved(x: MxArray, mask: ReadMask, read: ReadSite): MxArray;
}

/**
 * @param numbers of the pair that each row belongs to
 * @param begun how many sources write what they wrote in the clean run
 */
export function movement(pairs: RunPairs, numbers: readonly number[], begun: number): Movement {
  const { clean } = pairs;
  const [, , length, hidden] = clean.writes.shape;
  const written: Written[] = [];
  const wrote = (x: MxArray) => {
    const [rows, count] = x.shape;
    const from = written.at(-1)?.to ?? begun;
    written.push({
      from,
      to: from + count,
      values: x.astype(mx.float32).reshape([rows, count, length * hidden]),
    });
  };
  const moved = (x: MxArray, { values, moves }: ReadMask, { kind, reach }: ReadSite) => {
    const read = values.index(mx.Slice(), mx.Slice(), mx.Slice(0, reach)); // what is written later is not read
    const known = knownMovement(knownWrites(pairs, begun), numbers, read);
    const added = written
      .filter(({ from, to }) => to <= reach && moves(from, to))
      .reduce((sum, { from, to, values: now }) => {
        const own = values.index(mx.Slice(), mx.Slice(), mx.Slice(from, to));
        return mx.subtract(sum, mx.matmul(own, now));
      }, known); // (rows or 1, count, position · hidden)
    const byColumn = added.reshape([added.shape[0], -1, length, hidden]);
    return mx.add(x, readsByHead(kind) ? byColumn.transpose(0, 2, 1, 3) : byColumn.squeeze(1));
  };
  return { wrote, moved };
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
