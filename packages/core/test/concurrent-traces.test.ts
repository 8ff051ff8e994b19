/** Several asynchronous traces on one model: each chain of calls has its own. */
import { setTimeout as wait } from "node:timers/promises";
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { openCount } from "../src/trace/open-traces.js";
import { expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

const network = new Stack();
const model = new InterpretableModel(network);
const inputs = [1, 2, 3, 4].map((factor) => mx.multiply(numbers(1, 2, 4), factor));

describe("concurrent traces", () => {
  it("resolve model.layers to their own trace at every step", async () => {
    const readTwice = async (x: MxArray, pause: number) => {
      await using trace = model.trace(x);
      const early = model.layers[0].value;
      await wait(pause);
      const late = model.layers[2].save();
      await wait(1);
      expectSame(model.layers[2].value, trace.layers[2].value);
      return { early, late };
    };
    const results = await Promise.all(inputs.map((x, index) => readTwice(x, 8 - 2 * index)));
    results.forEach(({ early, late }, index) => {
      const [first, second, third] = network.layers;
      expectSame(early, first.forward(inputs[index]));
      expectSame(late, third.forward(second.forward(first.forward(inputs[index]))));
    });
    expect(openCount()).toBe(0);
    expect(() => model.layers).toThrow(/only inside a trace/);
  });

  it("do not mix with runs and collections", async () => {
    const scaled = { "layers.0": (y: MxArray) => mx.multiply(y, 0) };
    const [plain, changed, traced] = await Promise.all([
      model.run(inputs[0], { save: "layers.0" }),
      model.run(inputs[0], { save: "layers.0", interventions: scaled }),
      (async () => {
        await using trace = model.trace(inputs[1]);
        await wait(1);
        return trace.layers[0].save();
      })(),
    ]);
    expectSame(plain.get("layers.0"), network.layers[0].forward(inputs[0]));
    expect(Math.max(...toFlat(changed.get("layers.0")))).toBe(0);
    expectSame(traced, network.layers[0].forward(inputs[1]));
  });

  it("leave nothing behind where one of them fails", async () => {
    const failing = async () => {
      await using trace = model.trace(inputs[0]);
      trace.layers[0].save();
      await wait(1);
      throw new Error("stop here");
    };
    const working = async () => {
      await using trace = model.trace(inputs[1]);
      await wait(5);
      return trace.layers[0].save();
    };
    const [failed, worked] = await Promise.allSettled([failing(), working()]);
    expect(failed.status).toBe("rejected");
    expect(worked.status).toBe("fulfilled");
    expect(openCount()).toBe(0);
  });

  it("are seen by timers and callbacks that they start", async () => {
    await using trace = model.trace(inputs[0]);
    const seen = await new Promise<MxArray>((resolve) => {
      setTimeout(() => resolve(model.layers[0].value), 1);
    });
    expectSame(seen, trace.layers[0].value);
  });
});
