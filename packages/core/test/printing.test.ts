/** What `console.log` shows: what a user wants to know, and nothing of how it is held. */
import { inspect } from "node:util";
import { nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { CausalModel } from "./support/causal-model.js";

const model = new InterpretableModel(new CausalModel(), { name: "letters" });
const prompt = [[1, 2, 3]];

describe("printing", () => {
  it("filled the screen with a model's internals; now it is a tree with equal layers once", () => {
    expect(`${model}`).toBe("[model letters]");
    expect(inspect(model).split("\n")).toEqual([
      "[model letters]",
      "  CausalModel, 2 layers, hidden 8, vocab 11, 667 numbers, float32, 2.67 KB",
      "  embedTokens   Embedding  weight [11, 8]",
      "  layers 0 … 1  Layer",
      "    ·           residMid",
      "    norm        LayerNorm  weight [8]  bias [8]",
      "    selfAttn    Attention",
      "      ·         pattern result",
      "      query     Linear  weight [8, 8]  bias [8]",
      "      key       Linear  weight [8, 8]  bias [8]",
      "    mlp         Linear  weight [8, 8]  bias [8]",
      "  finalNorm     LayerNorm  weight [8]  bias [8]",
      "  lmHead        Linear  weight [11, 8]  bias [11]",
    ]);
    const edited = model.edit({ "layers.0": (x) => x }, { name: "same" });
    expect(inspect(edited)).toMatch(/^\[model letters, edited: same\]\n/);
    expect(JSON.stringify({ edited })).toBe('{"edited":{"model":"letters","edits":["same"]}}');
  });

  it("of a model with a single layer of another kind shows that one by itself", () => {
    const other = new CausalModel(4);
    other.layers[2].mlp = new nn.Linear(8, 8, false);
    const lines = inspect(new InterpretableModel(other)).split("\n");
    const heads = lines.filter((line) => line.startsWith("  layers"));
    expect(heads.map((line) => line.trim().split(/ {2,}/)[0])).toEqual([
      "layers 0 … 1",
      "layers 2",
      "layers 3",
    ]);
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
