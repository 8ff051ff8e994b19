/** Crosscoder diffing on models whose truth is known. */
import { fromFlat, type MxArray, mx } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { Crosscoder } from "../crosscoder/crosscoder.js";
import { normal } from "../testing/make.js";
import { arraySource } from "../training/sources.js";
import { diffCrosscoder } from "./diff-crosscoder.js";

const [width, features, rows] = [6, 4, 512];

/** Rows of which each feature has its own axis: 0 in both models, 1 in the first, 2 in the second, 3 in both though the crosscoder writes it in one. */
function known(): { crosscoder: Crosscoder; x: MxArray } {
  const axis = (feature: number, size: number) =>
    Array.from({ length: width }, (_, at) => (at === feature ? size : 0));
  const decoder = [
    [axis(0, 1), axis(1, 1), axis(2, 0), axis(3, 1)],
    [axis(0, 1), axis(1, 0), axis(2, 1), axis(3, 0)],
  ];
  const half = [0.5, 1, 0, 1];
  const encoder = [half, [0.5, 0, 1, 0]].map((shares) =>
    Array.from({ length: width }, (_, at) =>
      shares.map((share, feature) => (at === feature ? share : 0)),
    ),
  );
  const crosscoder = new Crosscoder(
    {
      ...{ sources: 2, width, features, scale: "none", mixture: [1, 0.1], format: "mlxterp" },
      selection: { kind: "relu" },
    },
    {
      encoder: mx.array(encoder),
      encoderBias: mx.zeros([features]),
      decoder: mx.array(decoder),
      decoderBias: mx.zeros([2, width]),
    },
  );
  const amounts = mx.abs(normal([rows, features], 3)); // (rows, features)
  const there = mx.less(
    mx.random.uniform(0, 1, [rows, features], mx.float32, mx.random.key(4)),
    0.3,
  );
  const on = mx.multiply(amounts, there.astype(mx.float32));
  const truth = (shares: readonly number[]) => {
    const eye = fromFlat(
      Float32Array.from({ length: features * width }, (_, at) =>
        at % width === Math.floor(at / width) ? shares[Math.floor(at / width)] : 0,
      ),
      [features, width],
    );
    return mx.matmul(on, eye);
  };
  const clean = mx.stack([truth([1, 1, 0, 1]), truth([1, 0, 1, 1])], 1);
  return { crosscoder, x: mx.add(clean, normal([rows, 2, width], 5, 0.01)) };
}

it("tells shared from exclusive features, and those that only look exclusive", async () => {
  const { crosscoder, x } = known();
  const diff = await diffCrosscoder(crosscoder, arraySource(x), { batchSize: 128, batches: 4 });
  expect(diff.features.map(({ place }) => place)).toEqual(["shared", "first", "second", "first"]);
  expect(diff.counts).toEqual({ shared: 1, first: 2, second: 1, between: 0 });
  expect(diff.features[3].scaling).toBeGreaterThan(0.9); // the second has it as well
  expect(Math.abs(diff.features[1].scaling)).toBeLessThan(0.1);
  expect(Math.abs(diff.features[2].scaling)).toBeLessThan(0.1);
  expect(diff.features[0].relativeNorm).toBeCloseTo(0.5, 5);
  expect(diff.confirmed).not.toContain(3);
  expect(diff.rows).toBe(512);
});

it("refuses what is no crosscoder of two, no data, and options that do not exist", async () => {
  const { crosscoder, x } = known();
  const few = diffCrosscoder(crosscoder, arraySource(x), { batchSize: 1024 });
  await expect(few).rejects.toMatchObject({ code: "NO_TRAINING_DATA" });
  const narrow = diffCrosscoder(crosscoder, arraySource(mx.ones([64, 2, 3])), { batchSize: 16 });
  await expect(narrow).rejects.toMatchObject({ code: "DICTIONARY_SHAPE" });
  const misspelt = diffCrosscoder(crosscoder, arraySource(x), { batchsize: 1 } as never);
  await expect(misspelt).rejects.toThrow('Did you mean "batchSize"?');
  const crossed = diffCrosscoder(crosscoder, arraySource(x), { exclusive: 0.4, shared: 0.2 });
  await expect(crossed).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
