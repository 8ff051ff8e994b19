/** The last position of each row is one that the row has: MLX reads beyond an array without a word. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { indexFromEnd, lastPositions } from "./positions.js";

const value = mx.arange(0, 2 * 3 * 4, 1, mx.float32).reshape([2, 3, 4]); // (batch, position, hidden)

describe("lastPositions", () => {
  it("takes each row's own, on any axis, and the last of all without lengths", () => {
    const numbers = value.tolist() as number[][][];
    expect(lastPositions(value, [2, 3]).tolist()).toEqual([numbers[0][1], numbers[1][2]]);
    expect(lastPositions(value, undefined).tolist()).toEqual([numbers[0][2], numbers[1][2]]);
    expect(lastPositions(value, [1, 4], 2).tolist()).toEqual([
      numbers[0].map((row) => row[0]),
      numbers[1].map((row) => row[3]),
    ]);
    expect(lastPositions(value, [1, 4], -1).tolist()).toEqual(
      lastPositions(value, [1, 4], 2).tolist(),
    );
  });

  it.each([
    ["beyond the row, which read another row's numbers", [2, 4]],
    ["far beyond, which ended the process", [2, 2 ** 30]],
    ["of nothing", [0, 3]],
    ["below nothing", [-1, 3]],
    ["that is no whole number", [1.5, 3]],
    ["that is no number", [Number.NaN, 3]],
    ["too few", [3]],
    ["too many", [3, 3, 3]],
  ])("refuses a length %s", (_, lengths) => {
    const refused = expect.objectContaining({ code: "INVALID_ARGUMENT" });
    expect(() => lastPositions(value, lengths)).toThrow(refused);
  });

  it("refuses an axis that holds no positions, and values that have none", () => {
    const refuses = (call: () => unknown, code: string) =>
      expect(call).toThrow(expect.objectContaining({ code }));
    refuses(() => lastPositions(value, [1, 1], 0), "INVALID_ARGUMENT");
    refuses(() => lastPositions(value, [1, 1], 3), "OUT_OF_RANGE");
    refuses(() => lastPositions(mx.zeros([2, 0, 4]), undefined), "OUT_OF_RANGE");
    refuses(() => lastPositions(mx.array(1), undefined), "OUT_OF_RANGE");
    refuses(() => lastPositions([[1]] as never, undefined), "INVALID_ARGUMENT");
  });
});

describe("an index", () => {
  it("of what, where and how many is told whatever they are: messages made from them threw errors of their own", () => {
    const odd = [Symbol("odd"), Object.create(null), [Symbol("inside")], 7n] as never[];
    for (const value of odd) {
      for (const call of [
        () => indexFromEnd(value, 3, 2, "here"),
        () => indexFromEnd("Layer", value, 2, "here"),
        () => indexFromEnd("Layer", -1, value, "here"),
        () => indexFromEnd("Layer", 3, 2, value),
      ]) {
        expect(call).toThrow(
          expect.objectContaining({
            code: expect.stringMatching(/^(OUT_OF_RANGE|INVALID_ARGUMENT)$/),
          }),
        );
      }
    }
  });
});
