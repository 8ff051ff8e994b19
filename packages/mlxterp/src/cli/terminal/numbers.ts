/** The scientific form of a difference. */
import { formatNumber } from "@mlxterp/results";

/** Zero is exact. */
export function formatDifference(value: number): string {
  if (value === 0) return "0";
  return Number.isFinite(value) ? value.toExponential(1) : formatNumber(value);
}
