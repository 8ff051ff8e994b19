/** Divides a matrix among the modules that share it when its columns are not their inputs. */
import type { MxArray } from "@mlxterp/mlx";
import type { WeightRule } from "./weight-table.js";

/**
 * Applies a rule to something that has a row for each output, such as packed codes, scales, or the second
 * factor of a low-rank change.
 *
 * @param matrix (…, sum of the outputs, any)
 * @param shapes of the modules' own weights, of which the last axis does not count
 * @returns one matrix (…, outputs, any) per module; undefined where the rule cannot take it
 */
export function rowParts(
  rule: WeightRule,
  matrix: MxArray,
  shapes: readonly (readonly number[])[],
): readonly MxArray[] | undefined {
  const rows = shapes.map((shape) => shape.slice(0, -1));
  const oriented = isTransposed(rule, rows) ? matrix.T : matrix;
  const parts = rule.transform ? attempt(rule.transform, oriented) : [matrix];
  return parts && fits(parts, rows, matrix.shape[matrix.ndim - 1]) ? parts : undefined;
}

/** Whether a family stores the weight (in, out): asked with a number of inputs that is none of the outputs. */
function isTransposed(rule: WeightRule, rows: readonly (readonly number[])[]): boolean {
  if (rows.some(({ length }) => length !== 1)) return false;
  const inputs = rows.reduce((sum, [count]) => sum + count, 1);
  const stored = rule.storedShape?.(
    rows.map(([count]) => [count, inputs]),
    "weight",
  );
  return stored?.[0] === inputs;
}

/** A rule may rely on the weight's own shape, and then fails while the graph is built. */
function attempt(
  transform: NonNullable<WeightRule["transform"]>,
  matrix: MxArray,
): readonly MxArray[] | undefined {
  try {
    return transform(matrix, "weight");
  } catch {
    return undefined; // not applicable, which the caller reports
  }
}

function fits(
  parts: readonly MxArray[],
  rows: readonly (readonly number[])[],
  columns: number,
): boolean {
  return (
    parts.length === rows.length &&
    parts.every(({ shape }, index) => shape.join() === [...rows[index], columns].join())
  );
}
