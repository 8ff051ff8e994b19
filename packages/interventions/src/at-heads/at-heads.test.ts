/** atHeads and atBatch: which elements change, and which axis counts. */
import { MissingAxisError, OutOfRangeError } from "@mlxterp/core";
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { addVector } from "../add-vector/add-vector.js";
import { atBatch } from "../at-batch/at-batch.js";
import { atNeurons } from "../at-neurons/at-neurons.js";
import { atPositions } from "../at-positions/at-positions.js";
import { replaceWith } from "../replace-with/replace-with.js";
import { scale } from "../scale/scale.js";
import {
  changed,
  counting,
  patternAxes,
  siteContext,
  valueAxes,
  values,
  zAxes,
} from "../test-support.js";
import { zeroOut } from "../zero-out/zero-out.js";
import { atHeads } from "./at-heads.js";

const atZ = siteContext({ site: "layers.3.selfAttn.z", axes: zAxes });
const atValue = siteContext({ site: "layers.3.selfAttn.v", axes: valueAxes });

describe("atHeads", () => {
  it("changes the heads named, wherever their axis is", () => {
    const z = counting([2, 3, 4, 5]); // (batch, position, heads, headDim)
    const headOf = (index: number) => Math.floor(index / 5) % 4;
    const y = atHeads([1, -1], zeroOut())(z, atZ);
    expect(values(y)).toEqual(
      values(z).map((value, index) => ([1, 3].includes(headOf(index)) ? 0 : value)),
    );
    const pattern = counting([2, 4, 3, 3]);
    const context = siteContext({ site: "layers.3.selfAttn.pattern", axes: patternAxes });
    const cut = atHeads(2, zeroOut())(pattern, context);
    expect(changed(pattern, cut)).toEqual(
      values(pattern).map((_, index) => Math.floor(index / 9) % 4 === 2),
    );
  });

  it("adds a vector of the head's own size", () => {
    const y = atHeads(1, addVector([10, 20]))(mx.zeros([1, 1, 3, 2]), atZ);
    expect(values(y)).toEqual([0, 0, 10, 20, 0, 0]);
  });

  it("regression: grouped-query attention was indexed by the wrong number of heads", () => {
    const v = counting([1, 2, 3, 4]); // 2 key-value heads, whatever the number of query heads
    expect(changed(v, atHeads(1, zeroOut())(v, atValue))).toEqual(
      values(v).map((_, index) => index >= 12),
    );
    expect(() => atHeads(2, zeroOut())(v, atValue)).toThrow(OutOfRangeError);
    expect(() => atHeads(2, zeroOut())(v, atValue)).toThrow(/Key-value head 2 .* has 2/);
    expect(() => atHeads(-3, zeroOut())(v, atValue)).toThrow(OutOfRangeError);
  });

  it("names the site with heads when this one has none", () => {
    const residual = siteContext({ site: "model.layers.12.selfAttn.oProj" });
    const wrong = () => atHeads(0, zeroOut())(counting([1, 2, 3]), residual);
    expect(wrong).toThrow(MissingAxisError);
    expect(wrong).toThrow(/model\.layers\.12\.selfAttn\.z/);
  });

  it("takes the number of an axis where axes have no names", () => {
    const x = counting([2, 3]);
    const unnamed = siteContext({ axes: undefined });
    expect(values(atHeads(0, zeroOut(), { axis: -1 })(x, unnamed))).toEqual([0, 2, 3, 0, 5, 6]);
    expect(() => atHeads(0, zeroOut())(x, unnamed)).toThrow(MissingAxisError);
    expect(() => atHeads(0, zeroOut(), { axis: 2 })(x, unnamed)).toThrow(/Axis 2/);
  });

  it("refuses an empty list and fractions when it is made", () => {
    expect(() => atHeads([], zeroOut())).toThrow(/empty/);
    expect(() => atHeads(0.5, zeroOut())).toThrow(/integer/);
    expect(() => atHeads(0, zeroOut(), { axis: 0.5 })).toThrow(/axis/);
    expect(() => atHeads(0, zeroOut as never)(counting([1, 1, 1, 1]), atZ)).toThrow();
  });

  it("intersects when it is nested, in either order", () => {
    const z = counting([1, 3, 4, 2]);
    const inside = atPositions(1, atHeads(2, zeroOut()))(z, atZ);
    const outside = atHeads(2, atPositions(1, zeroOut()))(z, atZ);
    const expected = values(z).map((_, index) => Math.floor(index / 2) === 1 * 4 + 2);
    expect(changed(z, inside)).toEqual(expected);
    expect(changed(z, outside)).toEqual(expected);
  });

  it.each([mx.float16, mx.bfloat16])("keeps %s", (dtype) => {
    const y = atHeads(0, scale(0.5))(counting([1, 1, 2, 2], dtype), atZ);
    expect([y.dtype, values(y)]).toEqual([dtype, [0.5, 1, 3, 4]]);
  });
});

describe("atNeurons", () => {
  const post = siteContext({ site: "layers.3.mlp.post", axes: ["batch", "position", "mlpHidden"] });

  it("changes the neurons named, or the features of a dictionary", () => {
    const x = counting([1, 2, 4]);
    const cut = atNeurons([1, -1], zeroOut());
    expect(values(cut(x, post))).toEqual([1, 0, 3, 0, 5, 0, 7, 0]);
    const axes = ["batch", "position", "features"] as const;
    const features = siteContext({ site: "layers.2.inserted.features", axes });
    expect(values(cut(x, features))).toEqual([1, 0, 3, 0, 5, 0, 7, 0]);
    expect(() => atNeurons(4, zeroOut())(x, post)).toThrow(/Neuron 4 .* has 4/);
    expect(() => atNeurons(4, zeroOut())(x, features)).toThrow(/Feature 4 .* has 4/);
  });

  it("names the sites with neurons where this one has none", () => {
    const wrong = () => atNeurons(0, zeroOut())(counting([1, 2, 3]), siteContext());
    expect(wrong).toThrow(MissingAxisError);
    expect(wrong).toThrow(/layers\.3\.mlp\.gate, \.pre and \.post/);
  });
});

describe("atBatch", () => {
  it("changes the rows named", () => {
    const x = counting([3, 2, 2]);
    const y = atBatch([0, -1], replaceWith(0))(x, siteContext());
    expect(values(y)).toEqual([0, 0, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0]);
  });

  it("refuses a row that does not exist, and a site without a batch axis", () => {
    const x = counting([3, 2, 2]);
    expect(() => atBatch(3, zeroOut())(x, siteContext())).toThrow(/Batch row 3 .* has 3/);
    const weights = siteContext({ axes: ["position", "hidden"] });
    expect(() => atBatch(0, zeroOut())(counting([2, 2]), weights)).toThrow(MissingAxisError);
  });

  it("acts on the whole batch when every row is named", () => {
    const x = counting([2, 1, 2]);
    expect(values(atBatch([0, 1], scale(2))(x, siteContext()))).toEqual([2, 4, 6, 8]);
  });

  it("does not let an inner result of another shape broadcast silently", () => {
    const mean = atBatch(0, (x) => x.mean([0], true));
    expect(() => mean(counting([2, 1, 2]), siteContext())).toThrow(/must return an array of shape/);
  });
});
