/** Reference checkpoints for tests, where a checkout has them beside it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MxArray, mx } from "@mlxterp/mlx";

const beside = fileURLToPath(new URL("../../../../../shared", import.meta.url));

/** The folder of shared reference data: `MLXTERP_SHARED`, else `shared` beside the repository. */
const sharedFolder = process.env.MLXTERP_SHARED ?? beside;

/** A folder of reference data, whether it is there, and what a test that needs it adds to its name. */
export function reference(path: string): { folder: string; available: boolean; note: string } {
  const folder = join(sharedFolder, path);
  const available = existsSync(folder);
  const note = available ? "" : ` (skipped: shared/${path} is not beside the checkout)`;
  return { folder, available, note };
}

/** The activations that transformers computed. */
export function readActivations(folder: string): Record<string, MxArray> {
  return mx.load(join(folder, "reference.safetensors")) as Record<string, MxArray>;
}

export function readReport<T>(folder: string): T {
  return JSON.parse(readFileSync(join(folder, "reference.json"), "utf8")) as T;
}

/** The largest absolute difference of two arrays of one shape. */
export function maxDifference(a: MxArray, b: MxArray): number {
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  return Number(mx.max(mx.abs(mx.subtract(a, b))).item());
}

/** Host rows of ids. */
export function rows(ids: MxArray): number[][] {
  return ids.tolist() as number[][];
}
