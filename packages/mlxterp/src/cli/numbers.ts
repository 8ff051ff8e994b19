/** Numbers as tables and sentences show them. */

/** About four significant digits, without exponents in the usual range. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(1);
  if (size >= 1000) return value.toFixed(0);
  return value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3);
}

/** Two decimals and a sign where it is needed; zero has none. */
export function formatShort(value: number): string {
  if (!Number.isFinite(value)) return formatNumber(value);
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
  return Number(text) === 0 ? text.replace("-", "") : text;
}

/** A share of one as a percentage; only what is exactly all or nothing is written so. */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1 %";
  if (percent >= 99.95 && percent < 100) return "> 99.9 %";
  return `${percent === 0 || percent >= 100 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

/** The scientific form of a difference; zero is exact. */
export function formatDifference(value: number): string {
  if (value === 0) return "0";
  return Number.isFinite(value) ? value.toExponential(1) : formatNumber(value);
}
