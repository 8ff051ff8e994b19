/** Divides a matrix among the modules that share it when its columns are not their inputs. */
import type { MxArray } from "@mlxterp/mlx";
import type { WeightRule } from "../families/weight-table.js";

/**
 * Applies a rule to something that has a row for each output, such as packed codes, scales, or the second
 * factor of a low-rank change. Families write their rules for whole weights, some of them transposed; the
 * orientation is the one in which every part gets as many rows as its module has outputs.
 *
 * @param matrix (sum of the outputs, any)
 * @param outputs of each module
 * @returns one matrix (outputs, any) per module; undefined where the rule cannot take it
 */
export function rowParts(
  rule: WeightRule,
  matrix: MxArray,
  outputs: readonly number[],
): readonly MxArray[] | undefined {
  if (!rule.transform) return fits([matrix], outputs, matrix.shape[1]) ? [matrix] : undefined;
  for (const oriented of [matrix, matrix.T]) {
    const parts = attempt(rule.transform, oriented);
    if (parts && fits(parts, outputs, matrix.shape[1])) return parts;
  }
  return undefined;
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

function fits(parts: readonly MxArray[], outputs: readonly number[], columns: number): boolean {
  return (
    parts.length === outputs.length &&
    parts.every(({ shape }, index) => shape.join() === [outputs[index], columns].join())
  );
}
