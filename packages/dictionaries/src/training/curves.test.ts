/** Curves of trainings as blocks. */
import { expect, it } from "vitest";
import { trainingCurves } from "./curves.js";

const at = (step: number, loss: number) => ({
  ...{ step, loss, terms: {}, count: 2, explained: 1 - loss, dead: 0, learningRate: 1e-3 },
});

it("has every step of all trainings, and gaps where one was not told of", () => {
  const [loss, explained] = trainingCurves({ a: [at(1, 0.9), at(3, 0.5)], b: [at(2, 0.8)] });
  expect(loss).toMatchObject({
    ...{ kind: "lines", x: [1, 2, 3] },
    lines: [
      { label: "a", values: [0.9, null, 0.5] },
      { label: "b", values: [null, 0.8, null] },
    ],
  });
  expect(explained).toMatchObject({ lines: [{ values: [expect.closeTo(0.1), null, 0.5] }, {}] });
  expect(() => trainingCurves({ a: 3 as never })).toThrow("a: ");
  expect(() => trainingCurves({ a: [undefined as never] })).toThrow("a[0]: ");
  expect(() => trainingCurves({ a: new Array(1) })).toThrow("a: must be a list without gaps");
});
