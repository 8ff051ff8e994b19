/** The memory of a recurrent model: pads, copies and failures. */
import { listParameters, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { keySequence } from "../decoder/model/initialize.js";
import { setParameters } from "../decoder/parameters.js";
import { RecurrentCache } from "../recurrent/caches/cache.js";
import type { RecurrentConfig } from "../recurrent/config.js";
import { RecurrentDecoder } from "../recurrent/recurrent-decoder.js";
import { padLeft } from "../test-support/left-padding.js";
import { maxDifference } from "../test-support/reference.js";
import { RecurrentModel } from "./recurrent-model.js";

const norm = { kind: "rms", epsilon: 1e-5, bias: false } as const;
const layer = {
  inputNorm: norm,
  mixer: {
    kind: "mamba",
    ...{ inner: 16, state: 4, stepRank: 2, kernel: 4 },
    ...{ projectionBias: true, convolutionBias: true },
  },
} as const;
const config: RecurrentConfig = {
  ...{ vocab: 19, hidden: 8, layers: [layer, layer], finalNorm: norm },
  ...{ residualInFloat32: true, head: { tied: true, bias: false } },
};

function smallMamba(): RecurrentDecoder {
  const mamba = new RecurrentDecoder(config);
  const keys = keySequence(3);
  const random = (x: MxArray) => mx.random.normal(x.shape, mx.float32, 0, 0.4, keys());
  setParameters(
    mamba,
    [...listParameters(mamba)].map(([path, array]) => [path, random(array)] as const),
  );
  return mamba;
}

const mamba = smallMamba();
const ids = [3, 1, 4, 1, 5, 9, 2, 6];
const tokens = (from: number, to: number) => mx.array([ids.slice(from, to)], mx.int32);
const whole = mamba.forward(tokens(0, 8));
const after = (from: number) => whole.index(mx.Slice(), mx.Slice(from, null));

describe("pads at the left", () => {
  it("leave the memory as it is: that of each row is that of the row alone", () => {
    const prompts = [ids, [2, 7], [8]];
    const { ids: rows, padding } = padLeft(prompts, 11);
    const cache = new RecurrentCache();
    mamba.forward(rows, { cache, padding });
    for (const [row, prompt] of prompts.entries()) {
      const alone = new RecurrentCache();
      mamba.forward(mx.array([prompt], mx.int32), { cache: alone });
      for (const [index, array] of cache.arrays().entries()) {
        const own = array.index(mx.Slice(row, row + 1));
        expect(maxDifference(own, alone.arrays()[index])).toBeLessThan(1e-5);
      }
    }
  });

  it("must leave a real token", () => {
    expect(() => mamba.forward(tokens(0, 3), { padding: [3] })).toThrow(/leaves a real token/);
  });

  it("leave what is remembered as it is", () => {
    const cache = new RecurrentCache();
    mamba.forward(tokens(0, 5), { cache });
    const padded = mx.concatenate([mx.array([[9, 9, 9]], mx.int32), tokens(5, 8)], 1);
    const logits = mamba.forward(padded, { cache, padding: [3] });
    expect(maxDifference(logits.index(mx.Slice(), mx.Slice(3, null)), after(5))).toBeLessThan(1e-5);
  });
});

it("a copy goes on by itself", () => {
  const cache = new RecurrentCache();
  mamba.forward(tokens(0, 5), { cache });
  mamba.forward(mx.array([[7, 7]], mx.int32), { cache: cache.copy() });
  const copied = mamba.forward(tokens(5, 8), { cache: cache.copy() });
  expect(cache.length).toBe(5);
  expect(maxDifference(copied, after(5))).toBeLessThan(1e-5);
  expect(maxDifference(mamba.forward(tokens(5, 8), { cache }), after(5))).toBeLessThan(1e-5);
});

it("a pass that fails leaves the memory as it was", async () => {
  const model = new RecurrentModel(mamba, { config });
  const cache = new RecurrentCache();
  model.module.forward(tokens(0, 5), { cache });
  const fail = () => {
    throw new Error("no");
  };
  const pass = model.run([ids.slice(5)], {
    interventions: { "layers.1.mixer": fail },
    args: [{ cache }],
  });
  await expect(pass).rejects.toThrow();
  expect(cache.length).toBe(5);
  expect(maxDifference(mamba.forward(tokens(5, 8), { cache }), after(5))).toBeLessThan(1e-5);
});
