/** For tests: folders that disappear, and what lies in them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashFile, type MxArray, mx } from "@mlxterp/mlx";
import { afterAll, onTestFinished } from "vitest";

/** A folder that disappears with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-data-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that disappears with the test file. */
export function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-data-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A hash of every file's bytes by name, and the manifest without the time at which it was begun. */
export function contentOf(folder: string): Record<string, string> {
  const names = readdirSync(folder).sort();
  return Object.fromEntries(
    names.map((name) => {
      const file = join(folder, name);
      if (name !== "manifest.json") return [name, hashFile(file)];
      return [name, readFileSync(file, "utf8").replace(/"time": "[^"]*"/, "")];
    }),
  );
}

/** The largest absolute difference of two arrays of one shape. */
export function difference(a: MxArray, b: MxArray): number {
  if (a.shape.join() !== b.shape.join()) return Number.POSITIVE_INFINITY;
  return Number(mx.max(mx.abs(mx.subtract(a, b))).item());
}
