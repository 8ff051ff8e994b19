/** The examples, one file a question, run and print what their page says. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, it, vi } from "vitest";
import "mlxterp"; // read once, before the clock of the first example starts
import { sweep } from "./support/sweeps.js";
import { root } from "./support/workspace.js";

const folder = join(root, "examples");
const page = readFileSync(join(folder, "README.md"), "utf8");
const files = readdirSync(folder).filter((name) => name.endsWith(".ts"));

/** Those that take seconds. */
const long = [
  "from-attribution-to-circuit.ts",
  "one-direction-for-a-number.ts",
  "train-a-transformer.ts",
];

/** What the page shows below a file's name. */
function shown(file: string): string | undefined {
  const [, after] = page.split(`](${file})`);
  return after?.split("```text\n")[1]?.split("\n```")[0];
}

afterEach(() => vi.restoreAllMocks());

it("there is a page of them", () => {
  const listed = [...page.matchAll(/\]\(([\w-]+\.ts)\)/g)].map(([, file]) => file);
  expect(listed.sort()).toEqual(files.sort());
  expect(files.length).toBeGreaterThan(9);
});

const run = sweep(files, (file) => file, long);
it.each(run)("%s prints what its page shows, in 8 to 40 lines", async (file) => {
  const lines = readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
  expect(lines.length).toBeGreaterThanOrEqual(8);
  expect(lines.length).toBeLessThanOrEqual(40);
  const print = vi.spyOn(console, "log").mockReturnValue(undefined);
  await import(pathToFileURL(join(folder, file)).href);
  expect(print.mock.calls.map(([text]) => String(text)).join("\n")).toBe(shown(file));
});
