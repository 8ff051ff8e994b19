/** Memory: flat over many passes, and at its peak no more than weights, what was saved, and a layer's work. */
import { evaluate, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "./model.js";
import { peakIsKnown, peakMemory, residentMemory, resetPeak } from "./testing/memory.js";
import { Stack } from "./testing/networks.js";

const depth = 12;
const width = 256;

/** What a block of `Stack` makes on its way: up (twice as wide), relu, down, sum; each with its bias added. */
function layerBytes(tokens: number): number {
  return tokens * width * 4 * (2 + 2 + 2 + 1 + 1 + 1);
}

async function prepare(tokens: number) {
  const network = new Stack(depth, width);
  const x = mx.random.normal([1, tokens, width]);
  await evaluate([x, network.head.weight, ...network.layers.flatMap(({ up, down }) => [up.weight, down.weight])]);
  return { model: new InterpretableModel(network), x };
}

/** The growth of resident memory from the first passes after warm-up to the last. */
async function growth(pass: () => Promise<void>, passes = 200): Promise<number> {
  const seen: number[] = [];
  for (let index = 0; index < passes; index++) {
    await pass();
    seen.push(residentMemory());
  }
  const least = (values: number[]) => Math.min(...values);
  const g = least(seen.slice(-20)) - least(seen.slice(20, 40)); console.log("growth", g / 2 ** 20); return g;
}

describe("lesson: memory grew with every trace", () => {
  const tokens = 128;
  const limit = 0.1 * depth * layerBytes(tokens);

  it("200 traces in a loop hold resident memory flat", async () => {
    const { model, x } = await prepare(tokens);
    const pass = async () => {
      await using trace = model.trace(x);
      trace.layers[5].up.save();
      trace.output.save();
    };
    expect(await growth(pass)).toBeLessThan(limit);
  });

  it("200 traces that are read inside, with nothing saved, hold it flat", async () => {
    const { model, x } = await prepare(tokens);
    const pass = async () => {
      await using trace = model.trace(x);
      expect(mx.sum(trace.output.value).item()).not.toBeNaN();
    };
    expect(await growth(pass)).toBeLessThan(limit);
  });

  it("200 runs in a loop hold it flat, though each result is held until the next", async () => {
    const { model, x } = await prepare(tokens);
    let last: unknown;
    const pass = async () => {
      const cache = await model.run(x, { save: ["layers.*", "output"] });
      last = cache;
    };
    expect(await growth(pass)).toBeLessThan(limit);
    expect(last).toBeDefined();
  });

  it("200 runs with interventions and failures hold it flat", async () => {
    const { model, x } = await prepare(tokens);
    const pass = async () => {
      const interventions = { "layers.*": (y: typeof x) => mx.multiply(y, 0.5) };
      await model.run(x, { interventions });
      const failing = { "layers.11": () => mx.zeros([1]) };
      await model.run(x, { interventions: failing }).catch(() => undefined);
    };
    expect(await growth(pass)).toBeLessThan(limit);
  });
});

describe.skipIf(!peakIsKnown)("the peak of one pass", () => {
  const tokens = 4096;
  const all = depth * layerBytes(tokens);

  /** How far memory rises above the weights and the input. */
  async function rise(pass: (made: Awaited<ReturnType<typeof prepare>>) => Promise<void>): Promise<number> {
    const made = await prepare(tokens);
    await made.model.run(x(made, 64)); // the first pass of all loads code and makes buffers
    await evaluate([]);
    resetPeak();
    const before = residentMemory();
    await pass(made);
    console.log("rise", (peakMemory() - before) / 2 ** 20, layerBytes(tokens) / 2 ** 20); return peakMemory() - before;
  }
  const x = (made: Awaited<ReturnType<typeof prepare>>, length: number) =>
    made.x.index(mx.Slice(), mx.Slice(0, length));

  it("is about one layer's work when the output is kept", async () => {
    const risen = await rise(async ({ model, x }) => {
      await using trace = model.trace(x);
      trace.output.save();
    });
    expect(risen).toBeLessThan(2.5 * layerBytes(tokens));
    expect(risen).toBeLessThan(all / 4);
  });

  it("is one layer's work and what is saved when the residual stream is kept", async () => {
    const saved = depth * tokens * width * 4;
    const risen = await rise(async ({ model, x }) => {
      await model.run(x, { save: "layers.*" });
    });
    expect(risen).toBeLessThan(saved + 2.5 * layerBytes(tokens));
    expect(risen).toBeLessThan(all * 0.75);
  });

  it("is what the layers below need when only an early one is asked for", async () => {
    const risen = await rise(async ({ model, x }) => {
      await model.run(x, { save: "layers.0.up" });
    });
    expect(risen).toBeLessThan(layerBytes(tokens));
  });
});
