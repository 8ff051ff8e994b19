/** Numbers are short and never misleading. */

import { formatCell, formatNumber, formatPercent } from "@mlxterp/results";
import { expect, it } from "vitest";
import { formatDifference } from "./numbers.js";

it.each([
  [0, "0"],
  [1.23456, "1.235"],
  [-12.3456, "−12.35"],
  [123.456, "123.5"],
  [12345.6, "12346"],
  [-1e9, "−1.0e+9"],
  [0.00012, "1.2e−4"],
  [Number.NaN, "NaN"],
  [Number.NEGATIVE_INFINITY, "−∞"],
])("%d is %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

it("has no negative zero", () => {
  expect(formatCell(-0.001)).toBe("0.00");
});

it("says 100 % only for what rounds to it, and shows small shares as such", () => {
  expect(formatPercent(0.9994)).toBe("99.9 %");
  expect(formatPercent(0.99999)).toBe("> 99.9 %");
  expect(formatPercent(0.0001)).toBe("< 0.1 %");
  expect(formatPercent(1)).toBe("100 %");
  expect(formatPercent(0)).toBe("0 %");
});

it("keeps exact agreement apart from a small difference", () => {
  expect(formatDifference(0)).toBe("0");
  expect(formatDifference(1e-12)).toBe("1.0e-12");
});
