/** Site statistics, against the same numbers computed one by one on the host, and against what they must be. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { llamaLike } from "../shared/test-support.js";
import { statisticsRows } from "./result.js";
import { siteStatistics } from "./site-statistics.js";

const config = llamaLike;
const decoder = initializeWeights(new Decoder(config), { seed: 6, deviation: 0.35 });
const model = new LanguageModel(decoder, { config });
const ids = [5, 17, 2, 25, 9];

/** One site in double precision, number by number. */
async function byHand(site: string) {
  const cache = await model.run([ids], { save: site });
  const value = cache.get(site);
  const numbers = [...toFlat(value.astype(mx.float32))];
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const square = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  const last = [...toFlat(cache.last(site).astype(mx.float32))];
  return {
    shape: value.shape,
    mean,
    standardDeviation: Math.sqrt(square),
    minimum: Math.min(...numbers),
    maximum: Math.max(...numbers),
    lastNorm: Math.hypot(...last),
  };
}

describe("siteStatistics", () => {
  it("equals what is computed number by number", async () => {
    const sites = ["embedTokens", "layers.1.selfAttn.z", "layers.2", "output"];
    const rows = statisticsRows(await siteStatistics(model, ids, { sites }));
    expect(rows.map(({ site }) => site)).toEqual(sites);
    for (const row of rows) {
      const { shape, ...numbers } = await byHand(row.site);
      expect(row.shape).toEqual(shape);
      for (const [name, value] of Object.entries(numbers)) {
        expect(row[name as "mean"], `${name} of ${row.site}`).toBeCloseTo(value, 4);
      }
    }
  });

  it("is what constants and probabilities must be; the spread of a constant is 0, not NaN", async () => {
    const constant = model.edit({ "layers.1.mlp": (x) => mx.full(x.shape, 3) });
    const sites = ["layers.1.mlp", "layers.0.selfAttn.pattern"];
    const rows = statisticsRows(await siteStatistics(constant, ids, { sites }));
    const of = (name: string) => rows.find(({ site }) => site === name)!;
    const mlp = of("layers.1.mlp");
    expect(mlp).toMatchObject({ minimum: 3, maximum: 3 });
    expect(mlp.mean).toBeCloseTo(3, 6);
    expect(mlp.standardDeviation).toBeCloseTo(0, 5);
    expect(mlp.lastNorm).toBeCloseTo(3 * Math.sqrt(config.hidden), 4);
    const pattern = of("layers.0.selfAttn.pattern");
    expect(pattern.mean).toBeCloseTo(1 / ids.length, 6); // rows sum to 1
    expect(pattern.minimum).toBe(0);
    expect(pattern.axes).toEqual(["batch", "heads", "query", "key"]);
  });

  it("lists sites as a pass makes them, each prompt by itself", async () => {
    const sites = ["output", "layers.1", "layers.*.mlp", "layers.1.input"];
    const found = await siteStatistics(model, [ids, [3, 8]], { sites });
    const [first, second] = [found].flat();
    expect(first.tables.sites.rows.map(({ site }) => site)).toEqual([
      ...["layers.0.mlp", "layers.1.input", "layers.1.mlp", "layers.1", "layers.2.mlp", "output"],
    ]);
    const alone = await siteStatistics(model, [3, 8], { sites });
    expect(second.tables).toEqual(alone.tables);
  });

  it("names the first site that is not finite, and hides no number", async () => {
    const broken = model.edit({ "layers.1.mlp": (x) => mx.multiply(x, Number.NaN) });
    const result = await siteStatistics(broken, ids);
    expect(result.notes).toEqual([
      { code: "NOT_FINITE", text: expect.stringMatching(/^layers\.1\.mlp is the first/) },
    ]);
    expect(statisticsRows(result).find(({ site }) => site === "layers.2")?.mean).toBeNaN();
  });
});
