/** Tensors that are kept: within bounds, for a while, in ranges. */
import { mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { byteRange } from "./byte-range.js";
import { TensorStore } from "./tensor-store.js";

describe("the store", () => {
  it("lets the oldest go where room is needed, and refuses what never fits", async () => {
    const store = new TensorStore({ tensorBytes: 3000, tensorSeconds: 60 });
    const keep = () => store.keep("a", mx.ones([256]));
    const [first, second] = [await keep(), await keep()];
    expect(store.find(first).bytes).toBeGreaterThan(1024);
    const third = await keep();
    expect(() => store.find(first)).toThrow("no longer kept");
    expect([second, third].map((one) => store.find(one).bytes)).toHaveLength(2);
    await expect(store.keep("big", mx.ones([2000]))).rejects.toThrow("big has 8000 bytes");
    store.clear();
    expect(() => store.find(third)).toThrow("no longer kept");
  });

  it("keeps nothing longer than it says", async () => {
    const store = new TensorStore({ tensorBytes: 3000, tensorSeconds: 0.01 });
    const reference = await store.keep("a", mx.ones([8]));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(() => store.find(reference)).toThrow("no longer kept");
  });
});

describe("ranges", () => {
  it.each<[string | null, object | undefined]>([
    [null, undefined],
    ["bytes=0-0", { start: 0, end: 0 }],
    ["bytes=10-", { start: 10, end: 99 }],
    ["bytes=-10", { start: 90, end: 99 }],
    ["bytes=-1000", { start: 0, end: 99 }],
    ["bytes=90-1000", { start: 90, end: 99 }],
    ["bytes=5-4", undefined],
    ["bytes=-", undefined],
    ["bytes=0-1,5-6", undefined],
    ["lines=0-1", undefined],
  ])("%s of 100 bytes", (header, range) => {
    expect(byteRange(header, 100)).toEqual(range);
  });

  it.each(["bytes=100-", "bytes=100-200", "bytes=-0"])("%s is behind the end", (header) => {
    expect(() => byteRange(header, 100)).toThrow("no range of 100 bytes");
  });
});
