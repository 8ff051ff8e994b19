/** Patchscopes against runs with the vector put in by hand. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { logitLens } from "../logit-lens/logit-lens.js";
import { gpt2Like, largestDifference } from "../shared/test-support.js";
import { patchscope } from "./patchscope.js";

const decoder = initializeWeights(new Decoder(gpt2Like), { seed: 3, deviation: 0.3 });
const model = new LanguageModel(decoder, { config: gpt2Like });
const source = [5, 17, 2, 250, 17, 9];
const target = [30, 4, 99, 12];

describe("patchscope", () => {
  it("gives each layer's vector the logits of a run with it put in by hand", async () => {
    const asked = { target, position: 3, targetPosition: -2, targetLayer: 1, topK: gpt2Like.vocab };
    const { grids } = await patchscope(model, source, asked);
    const cache = await model.run([source], { save: ["layers.0.input", "layers.*"] });
    expect(grids.token.labels.layer).toEqual(["embedding", 0, 1, 2]);
    for (const [row, site] of ["layers.0.input", "layers.0", "layers.1", "layers.2"].entries()) {
      const vector = cache.get(site).index(0, 3).reshape([1, 1, 24]);
      const put = (x: typeof vector) =>
        mx.concatenate([x.index(mx.Slice(), mx.Slice(0, 2)), vector, x.index(mx.Slice(), mx.Slice(3))], 1); // biome-ignore format: one line
      const run = await model.run([target], { interventions: { "layers.1": put } });
      const expected = toFlat(run.last("output"));
      const ids = grids.token.values.slice(row * 300, (row + 1) * 300);
      const logits = grids.logit.values.slice(row * 300, (row + 1) * 300);
      const own = new Float64Array(300);
      for (const [at, id] of ids.entries()) own[id] = logits[at];
      expect(largestDifference([...own], [...expected])).toBeLessThan(1e-4);
    }
  });

  it("is the logit lens of the last position where nothing comes after", async () => {
    const scoped = await patchscope(model, source, { target, targetLayer: -1, topK: 3 });
    const lens = await logitLens(model, source, { positions: [-1], topK: 3 });
    expect([...scoped.grids.token.values]).toEqual([...lens.grids.token.values]);
    expect(
      largestDifference([...scoped.grids.logit.values], [...lens.grids.logit.values]),
    ).toBeLessThan(1e-4);
  });

  it("says what the target itself would say, and what chance makes of it", async () => {
    const alone = await model.run([target]);
    const probabilities = toFlat(mx.softmax(alone.last("output"), -1));
    const asked = { target, targetPosition: 1, answer: 42, nulls: 3, layers: [0, 2] };
    const { grids } = await patchscope(model, source, asked);
    for (const value of grids.unpatchedProbability.values) {
      expect(value).toBeCloseTo(probabilities[42], 6);
    }
    const same = await patchscope(model, target, { ...asked, position: 1 }); // its own vectors change nothing
    expect(same.grids.followedProbability.values[1]).toBeCloseTo(probabilities[42], 6);
    const [first] = grids.nullProbability.values;
    expect(first).toBeGreaterThan(0);
    const again = await patchscope(model, source, asked);
    expect([...again.grids.nullProbability.values]).toEqual([...grids.nullProbability.values]);
    const other = await patchscope(model, source, { ...asked, seed: 1 });
    expect(other.grids.nullProbability.values[0]).not.toBe(first);
  });

  it("goes on token by token as greedy runs do", async () => {
    const { tables } = await patchscope(model, target, {
      target,
      layers: [1],
      maxTokens: 3,
      nulls: 0,
    });
    const ids = [...target];
    for (let step = 0; step < 3; step++) {
      const run = await model.run([ids]);
      ids.push(Number(mx.argmax(run.last("output")).item()));
    }
    expect(tables.continuations.rows[0].text).toBe(ids.slice(4).join(""));
  });

  it("refuses places that do not exist", async () => {
    await expect(patchscope(model, source, { target, targetPosition: 4 })).rejects.toThrow(
      "Position 4",
    );
    await expect(patchscope(model, source, { target, targetLayer: 3 })).rejects.toThrow(
      "Target layer 3",
    );
    await expect(patchscope(model, source, {} as never)).rejects.toThrow("target");
  });
});
