/** meanAblate and meanOf against means in plain arithmetic, padding left out. */
import { MissingAxisError } from "@mlxterp/core";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { atHeads } from "../at-heads/at-heads.js";
import { atPositions } from "../at-positions/at-positions.js";
import { ValueDtypeError, ValueShapeError } from "../errors.js";
import { counting, siteContext, tokenBatch, valueAxes, values, zAxes } from "../test-support.js";
import { meanAblate, meanOf } from "./mean-ablate.js";

const mean = (numbers: readonly number[]) =>
  numbers.reduce((sum, value) => sum + value, 0) / numbers.length;

describe("meanAblate with a mean", () => {
  it("puts the mean in the activation's place, in its dtype", () => {
    const y = meanAblate({ mean: [1, 2] })(counting([2, 2, 2], mx.float16), siteContext());
    expect([y.dtype, values(y)]).toEqual([mx.float16, [1, 2, 1, 2, 1, 2, 1, 2]]);
  });

  it("refuses a mean that does not fit, and a mean together with axes", () => {
    const wrong = meanAblate({ mean: [1, 2, 3] });
    expect(() => wrong(counting([2, 2]), siteContext())).toThrow(ValueShapeError);
    expect(() => meanAblate({ mean: 1, over: ["batch"] })).toThrow(InvalidArgumentError);
  });
});

describe("meanAblate of the pass itself", () => {
  it("averages over prompts and positions", () => {
    const x = counting([2, 3, 2]); // odd numbers in feature 0, even ones in feature 1
    const y = meanAblate()(x, siteContext());
    expect(y.shape).toEqual([2, 3, 2]);
    expect(values(y)).toEqual(new Array(6).fill([6, 7]).flat());
  });

  it("averages over one of them", () => {
    const x = counting([2, 2, 1]);
    const over = (axis: "batch" | "position") =>
      values(meanAblate({ over: [axis] })(x, siteContext()));
    expect(over("batch")).toEqual([2, 3, 2, 3]);
    expect(over("position")).toEqual([1.5, 1.5, 3.5, 3.5]);
  });

  it.each(["right", "left"] as const)(
    "regression: padding on the %s counted as tokens",
    (padding) => {
      const tokens = tokenBatch([1, 3], padding);
      const x = counting([2, 3, 1]); // rows 1 2 3 and 4 5 6
      const first = padding === "right" ? 1 : 3; // the one token of the first prompt
      const own = values(meanAblate({ over: ["position"] })(x, siteContext({ tokens })));
      expect(own).toEqual([first, first, first, 5, 5, 5]);
      const both = values(meanAblate()(x, siteContext({ tokens })));
      expect(both).toEqual(new Array(6).fill(mean([first, 4, 5, 6])));
      const column = padding === "right" ? 0 : 2;
      const batch = values(meanAblate({ over: ["batch"] })(x, siteContext({ tokens })));
      expect(batch[column]).toBe(mean([first, [4, 5, 6][column]]));
    },
  );

  it("finds batch and positions at values, whose heads stand between", () => {
    const x = counting([2, 1, 2, 1]);
    const context = siteContext({ axes: valueAxes, tokens: tokenBatch([1, 2]) });
    expect(values(meanAblate()(x, context))[0]).toBeCloseTo(mean([1, 3, 4]), 5);
  });

  it("takes the mean over everything and replaces only what it is restricted to", () => {
    const x = counting([1, 3, 1]);
    expect(values(atPositions(0, meanAblate())(x, siteContext()))).toEqual([2, 2, 3]);
    const z = counting([1, 2, 2, 1]);
    expect(values(atHeads(1, meanAblate())(z, siteContext({ axes: zAxes })))).toEqual([1, 3, 3, 3]);
  });

  it("regression: half-precision sums stopped growing at 256", () => {
    const x = mx.full([1, 4000, 1], 0.5, mx.bfloat16);
    expect(values(meanAblate()(x, siteContext()).index(0, 0))).toEqual([0.5]);
  });

  it("refuses steps that have nothing to average, unknown axes and integers", () => {
    const step = siteContext({ tokens: tokenBatch([3]), step: 1, offset: 3 });
    expect(() => meanAblate()(counting([1, 1, 2]), step)).toThrow(/meanAblate\(\{ mean \}\)/);
    const x = counting([1, 3, 2]);
    expect(() => meanAblate()(x, siteContext({ axes: undefined }))).toThrow(MissingAxisError);
    expect(() => meanAblate()(mx.array([[[1]]], mx.int32), siteContext())).toThrow(ValueDtypeError);
    expect(() => meanAblate({ over: [] })).toThrow(InvalidArgumentError);
    expect(() => meanAblate({ over: ["heads" as "batch"] })).toThrow(/"batch" and "position"/);
    const grown = siteContext({ tokens: tokenBatch([1, 3]) });
    expect(() => meanAblate()(counting([4, 3, 1]), grown)).toThrow(ValueShapeError);
  });
});

describe("meanOf", () => {
  const sourceOf = (array: MxArray, tokens?: ReturnType<typeof tokenBatch>) => ({
    get: () => array,
    tokens,
  });

  it("averages a cached activation for meanAblate", () => {
    const source = sourceOf(counting([2, 3, 1]), tokenBatch([1, 3]));
    const average = meanOf(source, "layers.3");
    expect([average.shape, values(average)]).toEqual([[1, 1, 1], [4]]);
    const positions = meanOf(source, "layers.3", { over: ["batch"] });
    expect([positions.shape, values(positions)]).toEqual([
      [1, 3, 1],
      [2.5, 5, 6],
    ]);
    const y = meanAblate({ mean: average })(counting([1, 2, 1]), siteContext());
    expect(values(y)).toEqual([4, 4]);
  });

  it("asks for the axes where three are not what there is", () => {
    const source = sourceOf(counting([2, 3, 2, 1]));
    expect(() => meanOf(source, "layers.3.selfAttn.z")).toThrow(MissingAxisError);
    const average = meanOf(source, "layers.3.selfAttn.z", { axes: zAxes });
    expect([average.shape, values(average)]).toEqual([
      [1, 1, 2, 1],
      [6, 7],
    ]);
  });
});
