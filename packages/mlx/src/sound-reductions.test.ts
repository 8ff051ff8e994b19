/** Reductions over axes of one number, and the gradients in which MLX makes them: they wrote beyond their results. */
import { describe, expect, it } from "vitest";
import { type MxArray, mx, nn } from "./index.js";

/** So long that numbers written beyond a result leave the memory that the process has. */
const length = 200_000;
const weights = mx.arange(0, 2 * length, 1, mx.float32);
const doubled = (x: MxArray) => mx.sum(mx.multiply(mx.concatenate([x, x], 1), weights));

/** [1, length] with the stride of a row of 2 · length: place i holds 2 i + length. */
const part = () => mx.grad(doubled)(mx.ones([1, length])) as MxArray;
const ends = (x: MxArray) => [x.index(0).item(), x.index(length - 1).item()];
const both = [length, 3 * length - 2];

describe("a part of a longer row", () => {
  const spread = ["variance", "std"];
  const plain = ["sum", "mean", "max", "min", "prod", "logsumexp"] as const;

  it.each(plain)("is left as it is over its axis of one: %s", (name) => {
    const x = part();
    mx.eval(x);
    expect(ends(mx[name](x, 0))).toEqual(both);
    expect(ends(mx[name](x, [0], true).index(0))).toEqual(both);
    expect(ends(x[name](0, false))).toEqual(both);
  });

  it.each(spread)("has no spread over its axis of one: %s", (name) => {
    const x = part();
    mx.eval(x);
    const of = mx[name as "variance"];
    expect(ends(of(x, 0))).toEqual([0, 0]);
  });

  it("keeps what booleans and whole numbers become", () => {
    const one = mx.array([[true, false]]);
    expect(mx.sum(one, 0).dtype).toBe(mx.sum(mx.array([true, false])).dtype);
    expect(mx.any(one, 0).tolist()).toEqual([true, false]);
    expect(mx.max(mx.array([[3, 4]], mx.int32), 0).dtype).toBe(mx.int32);
  });
});

describe("a gradient through operands of different numbers of axes", () => {
  const narrow = mx.arange(0, length, 1, mx.float32);
  const wide = mx.ones([1, length]);
  const tail = mx.zeros([1, 40 * length]);
  const factors = mx.arange(0, 41 * length, 1, mx.float32);
  /** The slope of place i is i, and lies in a row 41 times as long. */
  const joined = (x: MxArray) => mx.sum(mx.multiply(mx.concatenate([x, tail], 1), factors));

  const operations: [string, (x: MxArray) => MxArray, slope: number][] = [
    ["add", (x) => mx.add(wide, x), 1],
    ["subtract", (x) => mx.subtract(wide, x), -1],
    ["multiply", (x) => mx.multiply(x, mx.add(wide, wide)), 2],
    ["where", (x) => mx.where(mx.greater(wide, 0), x, wide), 1],
    ["broadcastTo", (x) => mx.broadcastTo(x, [1, length]), 1],
    ["addmm", (x) => mx.addmm(x, mx.ones([1, 1]), mx.ones([1, length])), 1],
  ];

  it.each(operations)("is that of its slices: %s", (_name, operation, slope) => {
    const gradient = mx.grad((x: MxArray) => joined(operation(x)))(narrow);
    const places = [0, length - 1];
    expect(places.map((place) => gradient.index(place).item())).toEqual(
      places.map((place) => slope * place),
    );
    expect(gradient.shape).toEqual([length]);
  });

  it("goes through the binding's own BatchNorm over one row, where every gradient is zero", () => {
    const layer = new nn.BatchNorm(length);
    const gradient = mx.grad((x: MxArray) => joined(layer.forward(x)))(wide);
    expect(mx.max(mx.abs(gradient)).item()).toBe(0);
  });
});
