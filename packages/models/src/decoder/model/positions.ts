/** Where the tokens of a pass stand: behind a cache, or where the caller says. */
import { brief, InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { paddedPositions } from "../positions/padding.js";
import type { Positions } from "../positions/pass.js";

interface Whereabouts {
  readonly cache?: { readonly length: number };
  readonly positions?: readonly (readonly number[])[];
  /** How many pads stand at the left of each row. */
  readonly padding?: readonly number[];
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) when positions exceed `maxPositions` */
export function locateTokens(
  length: number,
  maxPositions: number | undefined,
  { cache, positions, padding }: Whereabouts,
): Positions {
  const offset = cache?.length ?? 0;
  const longest = offset + length - Math.min(...(padding ?? [0]));
  const end = positions ? endOf(positions) : longest;
  if (maxPositions !== undefined && end > maxPositions) {
    throw new InvalidArgumentError(
      "ids",
      end,
      `a sequence of ${end} tokens exceeds this model's ${maxPositions} positions.`,
    );
  }
  const ids = positions
    ? mx.array(positions, mx.int32)
    : padding && paddedPositions(padding, offset, length);
  return { offset, end, ids };
}

/** One more than the largest position. */
function endOf(positions: readonly (readonly number[])[]): number {
  const all = positions.flat();
  const wrong = all.find((position) => !Number.isInteger(position) || position < 0);
  if (wrong === undefined) return 1 + Math.max(...all);
  throw new InvalidArgumentError(
    "positions",
    wrong,
    `position ${brief(wrong)} is not a whole number from 0.`,
  );
}

/** Counted from 0, or from where a cache ends. */
export function plainPositions(length: number, offset = 0): Positions {
  return { offset, end: offset + length, ids: undefined };
}

/** The rows of a table of learned positions, (batch, position), of which the first few are skipped. */
export function positionRows(
  { offset, ids }: Positions,
  [batch, length]: number[],
  skipped: number,
): MxArray {
  if (ids) return skipped ? mx.add(ids, mx.array([skipped], mx.int32)) : ids;
  const first = offset + skipped;
  return mx.broadcastTo(mx.arange(first, first + length, 1, mx.int32), [batch, length]);
}
