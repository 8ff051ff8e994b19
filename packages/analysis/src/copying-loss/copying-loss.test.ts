/** The copying loss, against softmax written out by hand, and against what no knowledge must cost. */
import { mx, toFlat } from "@mlxterp/mlx";
import { Decoder, initializeWeights, LanguageModel } from "@mlxterp/models";
import { describe, expect, it } from "vitest";
import { llamaLike } from "../shared/test-support.js";
import { findCopies } from "./copies.js";
import { copyingLoss } from "./copying-loss.js";
import { copyLossOf } from "./result.js";

const config = llamaLike;
const modelOf = (deviation: number) =>
  new LanguageModel(initializeWeights(new Decoder(config), { seed: 6, deviation }), { config });
const model = modelOf(0.35);
const prompts = [
  [1, 5, 17, 2, 5, 17, 2], // one token, then three, twice
  [8, 3, 9, 4, 30, 8, 3, 9, 4, 30],
  [7, 9, 4, 6, 4, 6], // two tokens before
];
const copies = [3, 5, 2];

/** The losses of both copies, prompt by prompt, in double precision. */
async function byHand(off: readonly (readonly [number, number])[]) {
  const losses = { first: [] as number[], second: [] as number[] };
  for (const [row, ids] of prompts.entries()) {
    const interventions = Object.fromEntries(
      off.map(([layer, head]) => {
        const keep = [0, 1, 2, 3].map((other) => (other === head ? 0 : 1));
        const mask = mx.array(keep).reshape([1, 1, -1, 1]);
        return [`layers.${layer}.selfAttn.z`, (x: typeof mask) => mx.multiply(x, mask)];
      }),
    );
    const logits = (await model.run([ids], { interventions })).get("output");
    const flat = [...toFlat(logits)];
    const loss = (position: number) => {
      const own = flat.slice((position - 1) * config.vocab, position * config.vocab);
      return Math.log(own.reduce((sum, x) => sum + Math.exp(x), 0)) - own[ids[position]];
    };
    const start = ids.length - 2 * copies[row];
    for (let at = 1; at < copies[row]; at++) {
      losses.first.push(loss(start + at));
      losses.second.push(loss(start + copies[row] + at));
    }
  }
  const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length;
  return { first: mean(losses.first), second: mean(losses.second) };
}

describe("copyingLoss", () => {
  it("equals the loss by hand, with and without heads, in prompts of any length", async () => {
    for (const batchSize of [1, 2, 8]) {
      const heads = [[1, -3], [0, 2]] as const; // biome-ignore format: a pair
      const result = await copyingLoss(model, prompts, { heads, batchSize });
      expect(result.asked.heads).toEqual([[1, 1], [0, 2]]); // biome-ignore format: a pair
      const expected = {
        intact: await byHand([]),
        without: await byHand([
          [1, 1],
          [0, 2],
        ]),
      };
      for (const run of ["intact", "without"] as const) {
        const found = copyLossOf(result, run);
        expect(found.first).toBeCloseTo(expected[run].first, 4);
        expect(found.second).toBeCloseTo(expected[run].second, 4);
      }
      expect(copyLossOf(result, "control").heads).toEqual([[2, 2], [2, 3]]); // biome-ignore format: a pair
    }
  });

  it("is log(vocabulary) at every token of a model that knows nothing", async () => {
    const result = await copyingLoss(modelOf(0), undefined, { sequences: 2, length: 5 });
    const [{ first, second }] = result.tables.losses.rows;
    expect(first).toBeCloseTo(Math.log(config.vocab), 5);
    expect(second).toBeCloseTo(Math.log(config.vocab), 5);
    expect(result.grids.second.labels).toEqual({ run: ["intact"], token: [1, 2, 3, 4] });
    for (const value of result.grids.second.values) {
      expect(value).toBeCloseTo(Math.log(config.vocab), 5);
    }
  });

  it("finds the copies, also where more than one token comes before them", () => {
    expect(prompts.map((ids) => findCopies(ids).length)).toEqual(copies);
    expect(() => findCopies([1, 2, 3, 4])).toThrow("must end with the same tokens twice");
    expect(() => findCopies([4, 4])).toThrow("must end with the same tokens twice");
  });

  it("refuses a length that prompts already have, and heads that do not exist", async () => {
    await expect(copyingLoss(model, prompts, { length: 5 })).rejects.toThrow("Leave one");
    await expect(copyingLoss(model, prompts, { heads: [[1, 4]] })).rejects.toThrow("Head 4");
  });
});
