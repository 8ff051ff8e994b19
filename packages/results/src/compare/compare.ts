/** Whether two results say the same. */
import { checkOptions } from "../errors/check-options.js";
import { checkFinite } from "../errors/option-rules.js";
import type { Result } from "../results/result.js";
import { checkResults } from "../results/result-shape.js";

/** How near is near enough. */
export interface Tolerance {
  /** Default: 0, which is equal bit for bit. */
  readonly absolute?: number;
  /** Of the larger of two numbers. Default: 0. */
  readonly relative?: number;
}

/** Where two results part first. */
export interface Difference {
  /** Such as `grids.effect.values[7]`. */
  readonly path: string;
  readonly first: unknown;
  readonly second: unknown;
  /** In one sentence. */
  readonly text: string;
}

/** What may differ between two runs that found the same; `originDifferences` says what does. */
const circumstances = new Set([
  ...["time", "versions", "kernel", "device", "platform", "model", "revision", "weights"],
  ...["dtype", "quantization", "adapters", "tokenizer"],
]);

/**
 * The first difference between two results, `undefined` when they are equal.
 *
 * Where they come from does not count, only what was found: time, device, versions, model and weights may differ, for which
 * there is `originDifferences`; edits, interventions and seeds may not.
 *
 * @example
 * const stored = fromJson(toJson(readout)) as typeof readout;
 * const difference = compare(readout, stored, { absolute: 1e-5 });
 * if (difference) throw new Error(difference.text);
 */
export function compare(
  first: Result | readonly Result[],
  second: Result | readonly Result[],
  tolerance: Tolerance = {},
): Difference | undefined {
  checkResults("first", [first].flat());
  checkResults("second", [second].flat());
  checkOptions<Tolerance>("compare", tolerance, { absolute: checkFinite, relative: checkFinite });
  return walk(first, second, "", tolerance);
}

function walk(a: unknown, b: unknown, path: string, near: Tolerance): Difference | undefined {
  if (typeof a === "number" && typeof b === "number") {
    return sameNumber(a, b, near) ? undefined : difference(path, a, b);
  }
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return a === b ? undefined : difference(path, a, b);
  }
  if (isList(a) || isList(b)) return walkLists(a, b, path, near);
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  for (const key of keys) {
    if (/^(\[\d+\]\.)?provenance$/.test(path) && circumstances.has(key)) continue;
    const inside = [a, b].map((one) => (one as Record<string, unknown>)[key]);
    const found = walk(inside[0], inside[1], path === "" ? key : `${path}.${key}`, near);
    if (found) return found;
  }
  return undefined;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || ArrayBuffer.isView(value);
}

function walkLists(a: unknown, b: unknown, path: string, near: Tolerance): Difference | undefined {
  if (!isList(a) || !isList(b) || a.constructor !== b.constructor) return difference(path, a, b);
  if (a.length !== b.length) return difference(`${path}.length`, a.length, b.length);
  for (let index = 0; index < a.length; index++) {
    const found = walk(a[index], b[index], `${path}[${index}]`, near);
    if (found) return found;
  }
  return undefined;
}

function sameNumber(a: number, b: number, { absolute = 0, relative = 0 }: Tolerance): boolean {
  if (Object.is(a, b)) return true;
  const allowed = Math.max(absolute, relative * Math.max(Math.abs(a), Math.abs(b)));
  return allowed > 0 && Math.abs(a - b) <= allowed;
}

function difference(path: string, first: unknown, second: unknown): Difference {
  const shown = (value: unknown) =>
    typeof value === "object" && value !== null ? value.constructor?.name : JSON.stringify(value);
  const text = `${path || "The results"}: ${shown(first)} in the first, ${shown(second)} in the second.`;
  return { path, first, second, text };
}
