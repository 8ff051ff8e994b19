/** A family says only how it differs: few of its lines stand in other families too. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const here = fileURLToPath(new URL(".", import.meta.url));

/** A line that stands in so large a share of families belongs to what they share. */
const many = 0.15;

/** Lines of code: no comments, no imports and no blank ones, without indentation. A lone bracket is a line too. */
function linesOf(family: string): string[] {
  const files = readdirSync(join(here, family)).filter((name) => name.endsWith(".ts"));
  const text = files.map((name) => readFileSync(join(here, family, name), "utf8")).join("\n");
  const code = text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/(^|\s)\/\/.*$/gm, "")
    .replace(/^import[\s\S]*?;$/gm, "");
  return code.split("\n").flatMap((line) => line.trim() || []);
}

it("lesson: two thirds of the families' lines stood in many of them", () => {
  const folders = readdirSync(here, { withFileTypes: true }).filter((one) => one.isDirectory());
  const families = folders.map(({ name }) => name).filter((name) => name !== "shared");
  const lines = families.map(linesOf);
  const counts = new Map<string, number>();
  for (const line of lines.flatMap((own) => [...new Set(own)])) {
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  const all = lines.flat();
  const repeated = all.filter((line) => (counts.get(line) ?? 0) >= many * families.length);
  expect(all.length).toBeGreaterThan(500);
  expect(repeated.length / all.length, [...new Set(repeated)].join("\n")).toBeLessThan(0.2);
});
