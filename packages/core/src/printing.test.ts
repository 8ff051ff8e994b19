/** What `console.log` shows: what a user wants to know, and nothing of how it is held. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "./model.js";
import { CausalModel } from "./testing/causal-model.js";

const model = new InterpretableModel(new CausalModel(), { name: "letters" });
const prompt = [[1, 2, 3]];

describe("printing", () => {
  it("filled the screen with a model's internals; now it says its name and its edits", () => {
    expect(inspect(model)).toBe("[model letters]");
    const edited = model.edit({ "layers.0": (x) => x }, { name: "same" });
    expect(inspect(edited)).toBe("[model letters, edited: same]");
    expect(`${edited}`).toBe(inspect(edited));
  });

  it("showed a cache's maps; now it lists its sites as a scan does", async () => {
    const cache = await model.run(prompt, { save: "layers.*" });
    const scan = model.scan(prompt);
    const lines = inspect(scan).split("\n");
    expect(lines).toHaveLength(scan.sites.length);
    const listed = inspect(cache).split("\n");
    expect(listed).toHaveLength(cache.size);
    const one = ([line]: string[]) => line.split(/ {2,}/).join("  ");
    const [site] = cache.keys();
    const same = (line: string) => line.startsWith(`${site} `);
    expect(one(listed.filter(same))).toBe(one(lines.filter(same)));
    expect(one(listed)).toMatch(/^\S+ {2}\[[\d, ]+\] float32, \d+ bytes$/);
  });

  it("of a cache that is empty or disposed says so, without an error", async () => {
    const metric = { save: "layers.0" } as const;
    const { values, gradients } = await model.gradients(prompt, (y) => y.sum(), metric);
    expect(inspect(values)).toBe("[cache, empty]");
    gradients.dispose();
    expect(inspect(gradients)).toBe("[cache, disposed]");
  });
});
