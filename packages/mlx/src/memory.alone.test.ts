/** Evaluation releases first: what nobody holds any more is let go before anything is computed. */
import { constants, PerformanceObserver } from "node:perf_hooks";
import { setTimeout as after, setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { mx } from "./binding.js";
import { handleBytes } from "./collector.js";
import {
  activeMemory,
  collect,
  evaluate,
  evaluateNow,
  evaluateToKeep,
  release,
  releaseOld,
} from "./memory.js";
import type { MxArray } from "./types/array.js";

/** How many handles `use` leaves behind, after what it does to let go of them. */
async function leftBehind(use: () => unknown): Promise<number> {
  globalThis.gc?.();
  await turn();
  const before = handleBytes();
  await use();
  return Math.round((handleBytes() - before) / 64);
}

const make = (count: number) => Array.from({ length: count }, (_, index) => mx.full([4], index));

describe("evaluate", () => {
  it("computes what it is given", async () => {
    const sum = mx.add(mx.ones([2]), 1);
    await evaluate([sum]);
    expect(sum.tolist()).toEqual([2, 2]);
    await evaluate([]);
    evaluateNow([mx.add(sum, 1)]);
    evaluateNow([]);
  });

  it("refuses a list that holds itself, which ended the process", async () => {
    const list: unknown[] = [];
    list.push(list);
    const refused = { code: "INVALID_ARGUMENT", argument: "arrays" };
    await expect(evaluate(list as MxArray[])).rejects.toMatchObject(refused);
    expect(() => evaluateNow([1 as never])).toThrow(/list of arrays/);
    expect(() => mx.eval(list)).toThrow(/holds itself/);
    expect(() => mx.eval({ a: [mx.ones([1]), { list }] })).toThrow(/holds itself/);
  });

  it("lets go of dropped handles first", async () => {
    const left = await leftBehind(async () => {
      make(1000);
      await evaluate([mx.ones([2])]);
    });
    expect(left).toBeLessThan(50);
  });

  it("lets small work that knows its size gather, up to some megabytes or thousands of handles", async () => {
    const leftAfter = async (rounds: number, bytes: number, count: number) => {
      await release();
      return leftBehind(async () => {
        for (let round = 0; round < rounds; round++) {
          make(count);
          await evaluate([mx.ones([2])], bytes);
        }
      });
    };
    expect(await leftAfter(3, 1e6, 100)).toBeGreaterThan(250);
    expect(await leftAfter(14, 1e6, 100)).toBeLessThan(250); // the thirteenth comes over 12 MiB
    expect(await leftAfter(3, 0, 1000)).toBeLessThan(1600); // of 3000, each young one counted as one and a half
    expect(await leftAfter(1, Number.POSITIVE_INFINITY, 1000)).toBeLessThan(50);
  });

  it("gives other work a turn meanwhile", async () => {
    const seen: string[] = [];
    const evaluated = evaluate([mx.ones([2])]).then(() => seen.push("evaluated"));
    setImmediate(() => seen.push("turn"));
    await evaluated;
    expect(seen).toContain("evaluated");
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe("handles that have grown old", () => {
  it("are out of reach of young collections", async () => {
    const left = await leftBehind(async () => {
      let held: MxArray[] | undefined = make(1000);
      for (let round = 0; round < 3; round++) {
        collect();
        await turn();
      }
      expect(held).toHaveLength(1000);
      held = undefined;
      collect();
      await turn();
    });
    expect(left).toBeGreaterThan(400); // half of them in the newer binding
  });

  it("are let go of by release when there are many", async () => {
    await release();
    const left = await leftBehind(async () => {
      for (let round = 0; round < 20; round++) {
        const held = make(200);
        await release();
        await release();
        expect(held).toHaveLength(200);
      }
    });
    expect(left).toBeLessThan(800); // of 4000
  });

  it("are let go of by release when they hold much", async () => {
    const big = () => mx.ones([1024, 1024]); // 4 MB
    await release();
    const left = await leftBehind(async () => {
      let last: MxArray | undefined;
      for (let round = 0; round < 40; round++) {
        const next = big();
        await evaluate([next]);
        last = next;
      }
      expect(last).toBeDefined();
    });
    expect(left).toBeLessThan(20);
  });

  it("are no reason to collect while what grows is to be kept, as weights are", async () => {
    const kept: MxArray[] = [];
    const load = (compute: (arrays: MxArray[]) => Promise<void>) => async () => {
      for (let portion = 0; portion < 6; portion++) {
        const weights = [mx.add(mx.zeros([2 ** 22]), portion)]; // 16 MiB
        await compute(weights);
        kept.push(...weights);
      }
    };
    await releaseOld();
    expect(await fullCollections(load(evaluateToKeep))).toBe(0);
    expect(await fullCollections(load((arrays) => evaluate(arrays)))).toBeGreaterThan(0);
    expect(kept).toHaveLength(12);
  });
});

/** How many full collections there are meanwhile. */
async function fullCollections(use: () => unknown): Promise<number> {
  let count = 0;
  const observer = new PerformanceObserver((list) => {
    const entries = list.getEntries() as unknown as {
      readonly detail: { readonly kind: number };
    }[];
    const kinds = entries.map(({ detail }) => detail.kind);
    count += kinds.filter((kind) => kind === constants.NODE_PERFORMANCE_GC_MAJOR).length;
  });
  observer.observe({ entryTypes: ["gc"] });
  await use();
  await after(20); // entries come later
  observer.disconnect();
  return count;
}

it("lesson: of fifty models that were loaded at once each collected everything", async () => {
  await releaseOld();
  const held = make(3000);
  for (let round = 0; round < 3; round++) {
    collect();
    await turn();
  }
  const together = () => Promise.all(Array.from({ length: 50 }, () => release()));
  expect(await fullCollections(together)).toBe(1);
  expect(held).toHaveLength(3000);
});

it("memory is counted in bytes", () => {
  expect(activeMemory()).toBeGreaterThan(2 ** 20);
});
