/** patchFrom: what is taken from where, and what does not line up. */
import type { SiteContext, TokenBatch } from "@mlxterp/core";
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { PromptMismatchError, ValueDtypeError, ValueShapeError } from "../errors.js";
import { counting, patternAxes, siteContext, tokenBatch, values } from "../test-support.js";
import { type PatchOptions, patchFrom } from "./patch-from.js";

class Source {
  readonly asked: string[] = [];
  constructor(
    private readonly array: MxArray,
    readonly tokens?: TokenBatch,
  ) {}
  get(site: string): MxArray {
    this.asked.push(site);
    return this.array;
  }
}

const cached = mx.negative(counting([2, 3, 1]));
const patched = (
  source: Source,
  context: Partial<SiteContext> = {},
  options?: PatchOptions,
  x = counting([2, 3, 1]),
) => values(patchFrom(source, options)(x, siteContext(context)));

describe("patchFrom", () => {
  it("takes the activation of the same site, or of the one named", () => {
    const source = new Source(cached);
    expect(patched(source)).toEqual([-1, -2, -3, -4, -5, -6]);
    patched(source, { site: "layers.5.mlp" });
    patched(source, { call: 1 });
    patched(source, {}, { site: "layers.9" });
    expect(source.asked).toEqual(["layers.3", "layers.5.mlp", "layers.3#1", "layers.9"]);
  });

  it("patches the positions and rows named only", () => {
    expect(patched(new Source(cached), {}, { positions: -1 })).toEqual([1, 2, -3, 4, 5, -6]);
    expect(patched(new Source(cached), {}, { batch: 1 })).toEqual([1, 2, 3, -4, -5, -6]);
    const both = patched(new Source(cached), {}, { positions: [0], batch: [0] });
    expect(both).toEqual([-1, 2, 3, 4, 5, 6]);
    const tokens = tokenBatch([2, 3]);
    const ends = patched(new Source(cached, tokens), { tokens }, { positions: -1 });
    expect(ends).toEqual([1, -2, 3, 4, 5, -6]);
  });

  it("uses a source of one prompt for the whole batch", () => {
    const one = mx.negative(counting([1, 3, 1]));
    expect(patched(new Source(one))).toEqual([-1, -2, -3, -1, -2, -3]);
    const tokens = tokenBatch([3, 3]);
    expect(patched(new Source(one, tokenBatch([3])), { tokens })).toEqual([-1, -2, -3, -1, -2, -3]);
  });

  it("casts to the activation's dtype, never fractions to integers", () => {
    const y = patchFrom(new Source(cached))(counting([2, 3, 1], mx.bfloat16), siteContext());
    expect([y.dtype, values(y)]).toEqual([mx.bfloat16, [-1, -2, -3, -4, -5, -6]]);
    const integers = counting([2, 3, 1], mx.int32);
    expect(() => patched(new Source(cached), {}, {}, integers)).toThrow(ValueDtypeError);
  });

  it("regression: the cached array itself was handed to the model", () => {
    const own = counting([4]);
    const y = patchFrom(new Source(own))(mx.zeros([4]), siteContext());
    expect(y === own).toBe(false);
    y.indexPut_(0, 99);
    expect(values(own)).toEqual([1, 2, 3, 4]);
  });

  it("names the site and both shapes when they differ", () => {
    const source = new Source(counting([2, 4, 1]));
    expect(() => patched(source)).toThrow(ValueShapeError);
    expect(() => patched(source)).toThrow(/"layers\.3".*\[2, 4, 1\].*\[2, 3, 1\]/);
    expect(() => patched(new Source(counting([2, 1, 1])))).toThrow(ValueShapeError);
    expect(() => patched(new Source(counting([2, 3])))).toThrow(ValueShapeError);
  });

  it("refuses prompts of other lengths, although padding makes the shapes equal", () => {
    const source = new Source(cached, tokenBatch([3, 2]));
    const wrong = () => patched(source, { tokens: tokenBatch([2, 3]) });
    expect(wrong).toThrow(PromptMismatchError);
    expect(wrong).toThrow(/3 tokens for prompt 0, this pass has 2/);
  });

  it("refuses padding on the other side, which shifts every token", () => {
    const source = new Source(cached, tokenBatch([2, 3], "right"));
    const wrong = () => patched(source, { tokens: tokenBatch([2, 3], "left") });
    expect(wrong).toThrow(/padded on the right/);
    const even = new Source(cached, tokenBatch([3, 3], "right"));
    expect(patched(even, { tokens: tokenBatch([3, 3], "left") })[0]).toBe(-1);
  });

  it("patches the prompt and leaves generated tokens alone", () => {
    const tokens = tokenBatch([3, 3]);
    const source = new Source(cached, tokens);
    expect(patched(source, { tokens, step: 0 })[0]).toBe(-1);
    const step = { tokens, step: 1, offset: 3 };
    expect(patched(source, step, {}, counting([2, 1, 1]))).toEqual([1, 2]);
    const pattern = new Source(counting([1, 1, 3, 3]));
    const row = counting([1, 1, 1, 4]);
    expect(patched(pattern, { ...step, axes: patternAxes }, {}, row)).toEqual([1, 2, 3, 4]);
  });

  it("takes other positions of the source than those it patches, of prompts of other lengths", () => {
    const longer = new Source(mx.negative(counting([2, 4, 1])), tokenBatch([4, 2]));
    const tokens = tokenBatch([2, 3]);
    const moved = (options: PatchOptions) => patched(longer, { tokens }, options);
    // the last token of each prompt of the source: position 3 of the first, 1 of the second
    expect(moved({ positions: -1, sourcePositions: -1 })).toEqual([1, -4, 3, 4, 5, -6]);
    expect(moved({ positions: [1, 0], sourcePositions: [0, 1] })).toEqual([-2, -1, 3, -6, -5, 6]);
    expect(moved({ positions: [0, 1], sourcePositions: 1 })).toEqual([-2, -2, 3, -6, -6, 6]);
    const range = { positions: { from: 0, to: 2 }, sourcePositions: { from: 0, to: 2 } };
    expect(moved(range)).toEqual([-1, -2, 3, -5, -6, 6]);
    const one = new Source(mx.negative(counting([1, 5, 1])));
    expect(patched(one, { tokens }, { positions: 0, sourcePositions: 4 })).toEqual([
      -5, 2, 3, -5, 5, 6,
    ]);
  });

  it("moves positions of a site whose axes stand otherwise, and of prompts padded on the left", () => {
    const axes = ["batch", "kvHeads", "position", "headDim"] as const;
    const source = new Source(mx.negative(counting([1, 2, 3, 1])));
    const moved = { positions: 0, sourcePositions: 2 };
    expect(patched(source, { axes }, moved, counting([1, 2, 2, 1]))).toEqual([-3, 2, -6, 4]);
    const tokens = tokenBatch([2, 3], "left");
    const plain = new Source(mx.negative(counting([2, 3, 1])), tokenBatch([3, 2], "left"));
    // the first real token of the first prompt stands in column 1; that of the source's second one as well
    expect(patched(plain, { tokens }, { positions: 0, sourcePositions: 0 })).toEqual([
      ...[1, -1, 3, -5, 5, 6],
    ]);
  });

  it("refuses positions that are not there, other counts, patterns, and a source without a target", () => {
    const source = new Source(cached, tokenBatch([3, 3]));
    const wrong =
      (options: PatchOptions, context = {}) =>
      () =>
        patched(source, context, options);
    expect(wrong({ positions: 0, sourcePositions: 3 })).toThrow(
      /Position 3.*prompt 0 of the source/,
    );
    expect(wrong({ positions: [0, 1, 2], sourcePositions: [0, 1] })).toThrow(
      /as many, or one for all/,
    );
    expect(wrong({ sourcePositions: 0 })).toThrow(/say where they go to/);
    const pattern = new Source(counting([1, 1, 3, 3]));
    const move = { positions: 0, sourcePositions: 1 };
    const square = () => patched(pattern, { axes: patternAxes }, move, counting([1, 1, 3, 3]));
    expect(square).toThrow(/patterns cannot be moved/);
  });

  it("passes on what the source throws", () => {
    const empty = {
      get: () => {
        throw new Error("not saved");
      },
    };
    expect(() => patchFrom(empty)(counting([1, 1, 1]), siteContext())).toThrow("not saved");
  });
});
