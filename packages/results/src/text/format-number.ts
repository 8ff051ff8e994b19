/** Numbers as people read them: the one way in which terminals, pictures and pages write them. */
import { checkNumber } from "../errors/option-rules.js";

/** What is no number, written alike everywhere. */
function notFinite(value: number): string {
  checkNumber("value", value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
}

/**
 * About four significant digits, without exponents in the usual range; a true minus sign.
 *
 * @example
 * formatNumber(-1234.5); // "−1235"
 */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return withMinus(`${value}`);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return withMinus(value.toExponential(1));
  if (size >= 1000) return withMinus(value.toFixed(0));
  return withMinus(value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3));
}

/**
 * Two decimals for cells of tables and pictures; zero has no sign.
 *
 * @example
 * formatCell(-0.001); // "0.00"
 */
export function formatCell(value: number): string {
  if (!Number.isFinite(value)) return notFinite(value);
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
  return withMinus(Number(text) === 0 ? text.replace("-", "") : text);
}

/**
 * A share of one as a percentage; only what is exactly all or nothing is written so.
 *
 * @example
 * formatPercent(0.25); // "25.0 %"
 */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return notFinite(share);
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return "< 0.1 %";
  if (percent >= 99.95 && percent < 100) return "> 99.9 %";
  return `${withMinus(percent === 0 || percent >= 100 ? percent.toFixed(0) : percent.toFixed(1))} %`;
}

function withMinus(text: string): string {
  return text.replaceAll("-", "−");
}
