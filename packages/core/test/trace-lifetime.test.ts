/** How traces close, and what is left of them then. */
import { type MxArray, mx, toFlat } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { DisposedError } from "../src/errors.js";
import { InterpretableModel } from "../src/model/model.js";
import { openCount } from "../src/trace/open-traces.js";
import { expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

const network = new Stack();
const model = new InterpretableModel(network);
const x = numbers(1, 2, 4);
const expected = network.layers[1].forward(network.layers[0].forward(x));

afterEach(() => {
  expect(openCount()).toBe(0);
});

describe("closing", () => {
  it("happens at the end of a using block", () => {
    let kept: MxArray;
    {
      using trace = model.trace(x);
      expect(openCount()).toBe(1);
      kept = trace.layers[1].save();
    }
    expect(openCount()).toBe(0);
    expectSame(kept, expected);
  });

  it("happens at the end of an await using block, after which values are computed", async () => {
    let kept: MxArray;
    {
      await using trace = model.trace(x);
      kept = trace.layers[1].save();
    }
    expectSame(kept, expected);
  });

  it("happens with dispose, any number of times", async () => {
    const trace = model.trace(x);
    trace.dispose();
    trace.dispose();
    trace[Symbol.dispose]();
    await trace[Symbol.asyncDispose]();
    expect(trace.disposed).toBe(true);
  });

  it.each([
    ["trace", () => model.trace(x)],
    ["trace of several prompts", () => model.trace()],
  ])(
    "is done by functions that are not bound, since Node 24 calls no others: %s",
    async (_, open) => {
      const trace = open();
      for (const symbol of [Symbol.dispose, Symbol.asyncDispose] as const) {
        const { name } = trace[symbol];
        expect(name.startsWith("bound ")).toBe(false);
        await Reflect.apply(trace[symbol], undefined, []);
        expect(trace.disposed).toBe(true);
      }
    },
  );

  it("does not disturb the trace around it, however often it happens", () => {
    using outer = model.trace(x);
    const inner = model.trace(x);
    inner.dispose();
    inner.dispose();
    expectSame(model.layers[1].value, outer.layers[1].value);
  });
});

describe("after a trace has closed", () => {
  it("its saved values are readable by name", () => {
    const trace = model.trace(x);
    trace.layers[1].save();
    trace.saveAll("layers.*.up", "output");
    trace.save("blocks.0.hook_resid_pre");
    trace.dispose();
    expect([...trace.saved.keys()]).toEqual([
      "layers.1",
      "layers.0.up",
      "layers.1.up",
      "layers.2.up",
      "output",
      "layers.0.input",
    ]);
    expectSame(trace.saved.get("layers.1")!, expected);
    expectSame(trace.saved.get("layers.0.input")!, x);
  });

  it("every other value is gone, and the error says what to do", () => {
    const trace = model.trace(x);
    const view = trace.layers[1];
    trace.dispose();
    const uses = [
      () => view.value,
      () => view.shape,
      () => view.save(),
      () => trace.layers[0].up.value,
      () => trace.output.value,
      () => trace.at("layers.0"),
      () => trace.save("layers.0"),
      () => trace.saveAll("layers.*"),
      () => trace.result,
    ];
    for (const use of uses) expect(use).toThrow(DisposedError);
    expect(() => view.value).toThrow(/This trace is closed.*site\.save\(\)/);
  });

  it("a value read before is still an array, whether or not it was saved", () => {
    const trace = model.trace(x);
    const value = trace.layers[1].value;
    trace.dispose();
    expectSame(value, expected);
  });
});

describe("saving", () => {
  it("gives the array at once, and computes it with the others", () => {
    using trace = model.trace(x);
    const kept = trace.layers[1].save();
    expect(toFlat(mx.add(kept, 0))).toEqual(toFlat(expected));
  });

  it("takes one site by name, in any spelling", () => {
    using trace = model.trace(x);
    expectSame(trace.save("model.layers.1"), expected);
    expectSame(trace.save("blocks.1.hook_resid_post"), expected);
    expectSame(trace.save("layers.-2"), expected);
    expect([...trace.saved.keys()]).toEqual(["layers.1"]);
  });

  it("refuses a pattern where one site is meant", () => {
    using trace = model.trace(x);
    expect(() => trace.save("layers.*")).toThrow(
      /names 3 sites \(layers.0, layers.1, …\).*saveAll/,
    );
    expect(() => trace.at("**")).toThrow(/saveAll/);
  });
});
