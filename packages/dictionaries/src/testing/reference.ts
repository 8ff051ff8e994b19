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

/** A case that ships beside the sources. */
export function ownCasePath(name: string, ...parts: string[]): string {
  return join(fileURLToPath(new URL("../../references", import.meta.url)), name, ...parts);
}

/** What cases say of themselves; each has some of it. */
interface CaseFacts {
  readonly format: string;
  readonly options: { readonly max_n_logits: number; readonly desired_logit_prob: number };
  readonly prune: Readonly<Record<string, { readonly nodes: number; readonly edges: number }>>;
  readonly replacement_score: number;
  readonly completeness_score: number;
  /** Layer, position, feature and value of what is changed. */
  readonly interventions: Readonly<Record<string, readonly (readonly number[])[]>>;
  /** By which tokens count, then by whose definition. */
  readonly metrics: Readonly<
    Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>
  >;
  readonly scores: Readonly<Record<string, number>>;
  readonly steps: readonly { readonly topk_threshold?: number; readonly threshold?: number }[];
}

export function caseFacts(name: string): CaseFacts {
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
