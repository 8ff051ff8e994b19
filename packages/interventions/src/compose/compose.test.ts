/** compose: order, checks of what functions return. */
import { type Intervention, InterventionShapeError } from "@mlxterp/core";
import { InvalidArgumentError, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { addVector } from "../add-vector/add-vector.js";
import { scale } from "../scale/scale.js";
import { counting, siteContext, values } from "../test-support.js";
import { compose } from "./compose.js";

const site = siteContext();

describe("compose", () => {
  it("applies from left to right", () => {
    const x = mx.ones([1]);
    expect(values(compose(scale(2), addVector([3]))(x, site))).toEqual([5]);
    expect(values(compose(addVector([3]), scale(2))(x, site))).toEqual([8]);
  });

  it("changes nothing without interventions", () => {
    const x = counting([2]);
    expect(compose()(x, site) === x).toBe(true);
  });

  it("does not see later changes of the list it was made from", () => {
    const list = [scale(2)];
    const composed = compose(...list);
    list.push(scale(100));
    expect(values(composed(mx.ones([1]), site))).toEqual([2]);
  });

  it("casts what a function of the user's returns to the activation's dtype", () => {
    const widen: Intervention = (x) => x.astype(mx.float32);
    const y = compose(widen, scale(0.5))(counting([2], mx.float16), site);
    expect([y.dtype, values(y)]).toEqual([mx.float16, [0.5, 1]]);
  });

  it("names the site when a function returns another shape, or no array", () => {
    const sum: Intervention = (x) => x.sum();
    const nothing = (() => undefined) as unknown as Intervention;
    expect(() => compose(scale(1), sum)(counting([2]), site)).toThrow(InterventionShapeError);
    expect(() => compose(nothing)(counting([2]), site)).toThrow(/"layers\.3".*nothing/);
  });

  it("refuses what is not a function, such as a built-in that was not called", () => {
    expect(() => compose(undefined as unknown as Intervention)).toThrow(InvalidArgumentError);
  });
});
