/** Heads' weights against TransformerLens' numbers, whole products of matrices, and heads that are built to copy. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel, loadModel } from "@mlxterp/models";
import { valueAt } from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { attentionRollout } from "../attention-rollout/attention-rollout.js";
import { largestDifference, llamaLike } from "../shared/test-support.js";
import { hasMethodCase, modelOfCase, openMethodCase } from "../testing/method-cases.js";
import { sweep } from "../testing/sweeps.js";
import { headWeights } from "./head-weights.js";

const decoder = initializeWeights(new Decoder(llamaLike), { seed: 5, deviation: 0.4 });
const model = new LanguageModel(decoder, { config: llamaLike });

const references = sweep(["gpt2", "llama", "stories15M"], 2);

describe.each(references.filter((name) => hasMethodCase("heads", name)))(
  "weights of %s, read by TransformerLens",
  (name) => {
    it("have its composition and copying, and its rollout", async () => {
      const reference = openMethodCase("heads", name);
      const trained = await modelOfCase("heads", name);
      const { grids } = await headWeights(trained, undefined, { sampleTokens: 20 });
      const heads = trained.anatomy.heads;
      const size = trained.anatomy.layers * heads;
      for (const [at, kind] of ["Q", "K", "V"].entries()) {
        const own = grids.composition.values.slice(at * size * size, (at + 1) * size * size);
        const expected = reference.numbers(`composition.${kind}.raw`);
        expect(largestDifference([...own], expected)).toBeLessThan(1e-4);
      }
      for (const [key, grid] of [
        ["ov_copying.raw", grids.copying],
        ["ov_eigen_resid.raw", grids.keeping],
      ] as const) {
        if (!reference.has(key)) continue;
        expect(largestDifference([...grid.values], reference.numbers(key))).toBeLessThan(1e-3);
      }
      if (reference.has("ov_copying.tl_default")) {
        // TransformerLens folds norms by default, and centres: what layer norms read, and the unembedding over the vocabulary
        const centred = { centreUnembedding: true, centreWrites: name === "gpt2" };
        const folded = await headWeights(await trained.folded(centred), undefined, { sampleTokens: 20, nulls: 0 }); // biome-ignore format: one line
        const { composition, keeping, copying } = folded.grids;
        const kinds = ["Q", "K", "V"].map((kind) => reference.numbers(`composition.${kind}.tl_default`)); // biome-ignore format: one line
        // of layer norms it also centres the matrices that read them, which changes their sizes and nothing else
        if (name !== "gpt2") expect(largestDifference([...composition.values], kinds.flat())).toBeLessThan(1e-4); // biome-ignore format: one line
        const resid = reference.numbers("ov_eigen_resid.tl_default");
        expect(largestDifference([...keeping.values], resid)).toBeLessThan(1e-3);
        const tokens = reference.numbers("ov_copying.tl_default");
        expect(largestDifference([...copying.values], tokens)).toBeLessThan(2e-3); // what is centred is a sum over 32,000 tokens
        const other = await headWeights(await trained.folded(), undefined, { sampleTokens: 20, nulls: 0 }); // biome-ignore format: one line
        expect(largestDifference([...other.grids.copying.values], tokens)).toBeGreaterThan(0.02); // norms alone are another map
      }
      if (!reference.has("rollout")) return;
      const found = await attentionRollout(trained, reference.about.tokens[0] as number[]);
      expect(
        largestDifference([...found.grids.rollout.values], reference.numbers("rollout")),
      ).toBeLessThan(1e-4);
    });
  },
);

describe("headWeights", () => {
  it("judges tokens by the whole product of matrices", async () => {
    const asked = { sampleTokens: 60, topK: 3, succession: [4, 9, 2, 30] };
    const { grids } = await headWeights(model, undefined, asked);
    const { W_E, W_U } = model.weights;
    for (const [layer, head] of [
      [0, 0],
      [1, 3],
    ]) {
      const ov = mx.matmul(mx.matmul(W_E, model.weights.OV(layer, head).product()), W_U);
      const qk = mx.matmul(mx.matmul(W_E, model.weights.QK(layer, head).product()), W_E.T);
      const share = (
        matrix: typeof ov,
        rows: readonly number[],
        next: readonly number[],
        among: readonly number[],
      ) => {
        const flat = toFlat(matrix);
        const at = (row: number, column: number) => flat[row * 60 + column];
        const found = rows.filter((row, index) => among.filter((other) => at(row, other) > at(row, next[index])).length < 3); // biome-ignore format: one line
        return found.length / rows.length;
      };
      const all = Array.from({ length: 60 }, (_, id) => id);
      const place = { layer, head };
      expect(valueAt(grids.ownToken, place)).toBeCloseTo(share(ov, all, all, all), 6);
      expect(valueAt(grids.matching, place)).toBeCloseTo(share(qk, all, all, all), 6);
      const order = asked.succession;
      expect(valueAt(grids.successor!, place)).toBeCloseTo(share(ov, order.slice(0, 3), order.slice(1), order), 6); // biome-ignore format: one line
    }
  });

  it("finds in the model that ships the heads that repeat, and the one that tells them what came before", async () => {
    const tiny = await loadModel("tiny");
    const { grids, tables } = await headWeights(tiny, undefined, { directions: [[1, 3]] });
    const chance = Object.fromEntries(tables.chance.rows.map((row) => [row.score, row]));
    for (const head of [0, 1, 2, 3]) {
      const place = { layer: 1, head };
      expect(valueAt(grids.copying, place)).toBeGreaterThan(0.9);
      expect(valueAt(grids.ownToken, place)).toBeGreaterThan(chance.ownToken.highest);
      const key = { kind: "key", writer: "0.2", reader: `1.${head}` };
      expect(valueAt(grids.composition, key)).toBeGreaterThan(
        1.8 * chance["composition: key"].highest,
      );
    }
    expect(chance.copying.highest).toBeLessThan(0.5);
    expect(tables.directions.rows).toHaveLength(5);
    expect(tables.directions.rows[0].share).toBeGreaterThan(tables.directions.rows[4].share);
  });

  it("refuses heads that do not exist, and modules without tokens", async () => {
    await expect(headWeights(model, undefined, { directions: [[3, 0]] })).rejects.toThrow(
      "Layer 3",
    );
    await expect(headWeights(model, undefined, { succession: [1] })).rejects.toThrow("two tokens");
    const short = headWeights(model, undefined, { succession: [4, 9, 2, 30], topK: 4 });
    await expect(short).rejects.toThrow("every one of 4 tokens is among the first 4");
    const few = await headWeights(model, undefined, { sampleTokens: 5 });
    expect(few.notes).toMatchObject([{ code: "SMALL_SAMPLE" }]);
    expect((await headWeights(model, undefined, { sampleTokens: 6 })).notes).toEqual([]);
    const bare = Object.create(model, { weights: { value: undefined } });
    await expect(headWeights(bare)).rejects.toMatchObject({
      code: "MISSING_ANATOMY",
      message: expect.stringContaining("headWeights compares every head's matrices"),
    });
  });

  it("says by its name what latent attention has instead", async () => {
    const folder = new URL("../../../models/references/deepseek_v3/base", import.meta.url).pathname;
    await expect(headWeights(await loadModel(folder))).rejects.toMatchObject({
      code: "MISSING_ANATOMY",
      message: expect.stringMatching(/latent attention.*headWeights.*attentionPatterns/),
    });
  });
});
