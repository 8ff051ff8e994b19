/** The cache: windows, copies, failures and what patterns look like beside it. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { CacheMismatchError } from "../../errors.js";
import { smallConfig } from "../../test-support/checkpoints.js";
import { smallModel } from "../../test-support/models.js";
import { maxDifference } from "../../test-support/reference.js";
import type { DecoderConfig } from "../config/config.js";
import { KeyValueCache } from "./cache.js";

const ids = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8];
const all = mx.Slice();
const patterns = "layers.*.selfAttn.pattern";

/** One layer that sees three keys and one that sees all. */
function windowed(): DecoderConfig {
  const { layers, ...rest } = smallConfig("llama");
  const [first, second] = layers;
  return {
    ...rest,
    layers: [{ ...first, attention: { ...first.attention, window: 3 } }, second],
  };
}

const tokens = (from: number, to: number) => mx.array([ids.slice(from, to)], mx.int32);
const model = smallModel(windowed());
const whole = model.module.forward(tokens(0, 12));
const at = (from: number, to: number) => whole.index(all, mx.Slice(from, to));

/** Reads these pieces one after the other and returns the joined logits. */
function inPieces(cache: KeyValueCache, ends: readonly number[], start = 0): MxArray {
  const parts = ends.map((end, index) =>
    model.module.forward(tokens(index === 0 ? start : ends[index - 1], end), { cache }),
  );
  return mx.concatenate(parts, 1);
}

/** Positions in use of one layer, all heads and dimensions: 2 arrays of 2 heads of 8. */
const heldBytes = (cache: KeyValueCache, layer: number) =>
  cache.layer(layer).held * 2 * 2 * 8 * Float32Array.BYTES_PER_ELEMENT;

describe("a layer that sees a window", () => {
  for (const ends of [[8, 9, 10, 11, 12], [1, 2, 3, 4, 12], [5, 10, 12], [12]]) {
    it(`gives the same logits in pieces that end at ${ends.join(", ")}`, () => {
      const cache = new KeyValueCache();
      expect(maxDifference(inPieces(cache, ends), whole)).toBeLessThan(1e-5);
      expect(cache.length).toBe(12);
    });
  }

  it("holds no more keys than it will see again, unless asked to", () => {
    const cache = new KeyValueCache();
    const everything = new KeyValueCache({ sliding: false });
    inPieces(cache, [8, 9, 10, 12]);
    inPieces(everything, [8, 9, 10, 12]);
    expect([heldBytes(cache, 0), heldBytes(cache, 1)]).toEqual([2 * 128, 12 * 128]);
    expect([heldBytes(everything, 0), heldBytes(everything, 1)]).toEqual([12 * 128, 12 * 128]);
  });

  it("stays in a bounded buffer over many steps", () => {
    const long = smallModel({ ...windowed(), maxPositions: undefined });
    const cache = new KeyValueCache();
    long.module.forward(mx.zeros([1, 600], mx.int32), { cache });
    const room: number[] = [];
    for (let step = 0; step < 300; step++) {
      long.module.forward(mx.zeros([1, 1], mx.int32), { cache });
      mx.eval(cache.arrays());
      room.push(cache.layer(0).arrays()[0].shape[2]);
    }
    expect(Math.max(...room)).toBe(256);
    expect(cache.layer(1).arrays()[0].shape[2]).toBe(1024);
    expect(cache.length).toBe(900);
  });

  it("shows patterns and scores over all positions seen", async () => {
    const sites = ["pattern", "scores"].map((name) => `layers.0.selfAttn.${name}`);
    const uncached = await model.run([ids], { save: sites });
    const cache = model.createCache();
    inPieces(cache, [6]);
    const cached = await model.run([ids.slice(6)], { save: sites, args: [{ cache }] });
    for (const site of sites) {
      const expected = uncached.get(site).index(all, all, mx.Slice(6, 12));
      const received = cached.get(site);
      expect(received.shape).toEqual([1, 4, 6, 12]);
      const visible = mx.greater(expected, -1e8).astype(mx.float32);
      const apart = mx.multiply(mx.subtract(received, expected), visible);
      expect(Number(mx.max(mx.abs(apart)).item()), site).toBeLessThan(1e-5);
    }
  });
});

describe("patterns that are changed beside a window", () => {
  /** Equal weight for every earlier key, also beyond the window. */
  const uniform = ({ shape: [, , queries, keys] }: MxArray) => {
    const visible = mx.tri(queries, keys, keys - queries);
    const weights = mx.divide(visible, mx.sum(visible, -1, true));
    return mx.broadcastTo(weights, [1, 4, queries, keys]);
  };
  const change = { interventions: { [patterns]: uniform } };

  it("give weight to keys that the window hides, with a cache too", async () => {
    const cache = model.createCache();
    await model.run([ids.slice(0, 8)], { ...change, args: [{ cache }] });
    const last = await model.run([ids.slice(8, 9)], { ...change, args: [{ cache }] });
    const full = await model.run([ids.slice(0, 9)], change);
    const expected = full.get("output").index(all, mx.Slice(-1, null));
    expect(maxDifference(last.get("output"), expected)).toBeLessThan(1e-5);
  });

  it("are refused where keys were read without them, whether or not some are gone", async () => {
    const attempt = (given: KeyValueCache) =>
      model.run([ids.slice(8)], { ...change, args: [{ cache: given }] });
    for (const cache of [model.createCache(), model.createCache({ sliding: false })]) {
      inPieces(cache, [8]);
      await expect(attempt(cache)).rejects.toThrow(CacheMismatchError);
    }
  });

  it("are refused once keys are gone, with the way out", async () => {
    const plain = await model.readPrefix(ids.slice(0, 8));
    const options = { ...change, prefix: plain.asItIs(), maxTokens: 1 };
    const attempt = () => model.generateText(ids, options);
    await expect(attempt()).rejects.toThrow(InvalidArgumentError);
    await expect(attempt()).rejects.toThrow("createCache({ sliding: false })");
  });
});

describe("a copy", () => {
  it("continues by itself, any number of times, and leaves the prefix as it was", () => {
    const prefix = new KeyValueCache();
    inPieces(prefix, [5, 6]);
    mx.eval(prefix.arrays());
    const others = [[7, 7, 7], [0], [2, 4]].map((other) => {
      const cache = prefix.copy();
      const logits = model.module.forward(mx.array([other], mx.int32), { cache });
      const alone = model.module.forward(mx.array([[...ids.slice(0, 6), ...other]], mx.int32));
      return maxDifference(logits, alone.index(all, mx.Slice(6, null)));
    });
    const again = inPieces(prefix.copy(), [7, 8, 12], 6);
    expect(Math.max(...others, maxDifference(again, at(6, 12)))).toBeLessThan(1e-5);
    expect(prefix.length).toBe(6);
    expect(maxDifference(inPieces(prefix, [12], 6), at(6, 12))).toBeLessThan(1e-5);
  });

  it("remembers padding", () => {
    const prefix = new KeyValueCache();
    const rows = mx.array([[0, 0, ...ids.slice(0, 4)]], mx.int32);
    model.module.forward(rows, { cache: prefix, padding: [2] });
    expect(maxDifference(inPieces(prefix.copy(), [6, 12], 4), at(4, 12))).toBeLessThan(1e-5);
  });
});

it("a layer that did not read every position is refused", () => {
  const cache = new KeyValueCache();
  const parallel = new KeyValueCache();
  inPieces(cache, [4]);
  parallel.adopt(cache);
  parallel.advance([1, 2], undefined); // as if every layer had been skipped over two tokens
  expect(() => inPieces(parallel, [7], 6)).toThrow(/holds keys of . of the 6 positions read/);
});

describe("a pass that fails", () => {
  it("leaves the cache as it was", async () => {
    const cache = model.createCache();
    inPieces(cache, [4]);
    const fail = () => {
      throw new Error("no");
    };
    for (const site of ["layers.1.mlp", "finalNorm"]) {
      const pass = model.run([ids.slice(4)], {
        interventions: { [site]: fail },
        args: [{ cache }],
      });
      await expect(pass).rejects.toThrow();
    }
    expect(cache.length).toBe(4);
    expect(maxDifference(inPieces(cache, [12], 4), at(4, 12))).toBeLessThan(1e-5);
  });

  it("includes one with other rows than before", () => {
    const cache = new KeyValueCache();
    inPieces(cache, [4]);
    const two = mx.zeros([2, 1], mx.int32);
    expect(() => model.module.forward(two, { cache })).toThrow(/holds 1 rows, but the pass has 2/);
  });
});

it("what is cached has gradients", () => {
  const cached = (embedded: MxArray) => {
    const decoder = smallModel(windowed()).module;
    decoder.embedTokens.weight = embedded;
    const cache = new KeyValueCache();
    decoder.forward(tokens(0, 4), { cache });
    decoder.forward(tokens(4, 5), { cache });
    return mx.sum(decoder.forward(tokens(5, 6), { cache }).index(all, -1, 3));
  };
  const plain = (embedded: MxArray) => {
    const decoder = smallModel(windowed()).module;
    decoder.embedTokens.weight = embedded;
    return mx.sum(decoder.forward(tokens(0, 6)).index(all, -1, 3));
  };
  const { weight } = model.module.embedTokens;
  expect(maxDifference(mx.grad(cached)(weight), mx.grad(plain)(weight))).toBeLessThan(1e-4);
});
