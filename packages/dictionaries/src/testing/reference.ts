/** For tests: the shared cases that the Python libraries computed, and numbers compared. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MxArray, mx, readTensors, toFlat } from "@mlxterp/mlx";

const shared =
  process.env.MLXTERP_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** Whether the cases are here; where they are not, tests of them are skipped. */
export const casesAreHere = existsSync(join(shared, "reference/dictionaries"));

/** A path below the shared folder. */
export function sharedPath(...parts: string[]): string {
  return join(shared, ...parts);
}

export function casePath(name: string, ...parts: string[]): string {
  return sharedPath("reference/dictionaries", name, ...parts);
}

// biome-ignore lint/suspicious/noExplicitAny: what a case says differs from case to case
export function caseFacts(name: string): any {
  return JSON.parse(readFileSync(casePath(name, "case.json"), "utf8"));
}

export function caseValues(name: string, file = "values.safetensors"): Record<string, MxArray> {
  return { ...readTensors(casePath(name, file)).tensors };
}

/** By how much the values differ most, beyond a relative share of their size: ≤ 0 where all agree. */
export function excess(
  value: MxArray,
  expected: MxArray,
  { atol, rtol }: { readonly atol: number; readonly rtol: number },
): number {
  if (value.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  const [a, b] = [toFlat(value.astype(mx.float32)), toFlat(expected.astype(mx.float32))];
  let most = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < a.length; at++) {
    const over = Math.abs(a[at] - b[at]) - atol - rtol * Math.abs(b[at]);
    if (!(over <= most)) most = over;
  }
  return most;
}
