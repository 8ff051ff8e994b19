/** Traces that are open while a function runs: what they give back, and that they close in every ending. */
import { setTimeout as wait } from "node:timers/promises";
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { afterEach, describe, expect, it } from "vitest";
import { DisposedError, UnknownSiteError } from "../src/errors.js";
import { InterpretableModel } from "../src/model/model.js";
import type { Trace } from "../src/trace/open-trace.js";
import { openCount } from "../src/trace/open-traces.js";
import { CausalModel, letters } from "./support/causal-model.js";
import { expectClose, expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

const network = new Stack();
const model = new InterpretableModel(network);
const texts = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const x = numbers(1, 2, 4);
const [first, second] = network.layers;
const interventions = { "layers.0": (y: MxArray) => mx.multiply(y, 2) };

afterEach(() => {
  expect(openCount()).toBe(0);
});

describe("a trace of a prompt, with a function", () => {
  it("gives what the function returns, from where saved values are computed", async () => {
    let open: Trace<Stack> | undefined;
    const saved: MxArray = await model.trace(x, (trace) => {
      open = trace;
      expect(openCount()).toBe(1);
      return trace.layers[1].save();
    });
    expect(open?.disposed).toBe(true);
    expectSame(saved, second.forward(first.forward(x)));
  });

  it("waits for an asynchronous one, and takes options before it", async () => {
    const { kept, tokens } = await texts.trace(["ab", "c"], { interventions }, async (trace) => {
      await wait(1);
      const kept = trace.output.save();
      await wait(1);
      expectSame(texts.layers[0].value, trace.layers[0].value);
      return { kept, tokens: trace.tokens?.ids };
    });
    expect(tokens).toEqual(["ab", "c"].map((text) => letters.encode(text)));
    expectSame(kept, (await texts.run(["ab", "c"], { interventions })).get("output"));
  });

  it("takes options that are left out", async () => {
    expect(await model.trace(x, undefined, (trace) => trace.layers.length)).toBe(3);
  });

  it("computes what was saved by name, whatever the function returns", async () => {
    const trace = await model.trace(x, (open) => {
      open.saveAll("layers.*");
      return open;
    });
    expectSame(trace.saved.get("layers.0")!, first.forward(x));
    expect(() => trace.layers[0].value).toThrow(DisposedError);
  });

  it("can be inside another", async () => {
    const both = await model.trace(x, (outer) =>
      model.trace(mx.negative(x), (inner) => [outer.layers[0].save(), inner.layers[0].save()]),
    );
    expectSame(both[0], first.forward(x));
    expectSame(both[1], first.forward(mx.negative(x)));
  });

  it("is not open for whoever has not waited for it", async () => {
    const running = model.trace(x, async (trace) => {
      await wait(2);
      return trace.layers[0].save();
    });
    expect(openCount()).toBe(0);
    expect(() => model.layers).toThrow(/only inside a trace/);
    using other = model.trace(mx.negative(x));
    expectSame(model.layers[0].value, other.layers[0].value);
    expectSame(await running, first.forward(x));
  });

  it("is one of many at a time", async () => {
    const inputs = [1, 2, 3].map((factor) => mx.multiply(x, factor));
    const read = (input: MxArray, pause: number) =>
      model.trace(input, async () => {
        await wait(pause);
        return model.layers[0].save();
      });
    const saved = await Promise.all(inputs.map((input, index) => read(input, 6 - 2 * index)));
    saved.forEach((value, index) => {
      expectSame(value, first.forward(inputs[index]));
    });
  });
});

describe("several prompts in one forward, with a function", () => {
  it("give what it returns", async () => {
    const [one, other] = await texts.trace(async (trace) => {
      const prompts = ["abc", "de"].map((prompt) => trace.invoke(prompt));
      await wait(1);
      return prompts.map(({ layers }) => layers[1].save());
    });
    using alone = texts.trace("de");
    expectClose(other, alone.layers[1].value);
    expect(one.shape).toEqual([1, 3, 8]);
  });
});

describe("a function that fails", () => {
  const failing = () => {
    throw new Error("on purpose");
  };

  it.each([
    ["by throwing", failing],
    ["by rejecting", () => Promise.reject(new Error("on purpose"))],
    ["later", () => wait(1).then(failing)],
  ])("leaves a trace that is closed: %s", async (_, fail) => {
    const open: { disposed: boolean }[] = [];
    await expect(
      model.trace(x, (trace) => {
        open.push(trace);
        trace.layers[0].save();
        return fail();
      }),
    ).rejects.toThrow("on purpose");
    await expect(
      texts.trace((trace) => {
        open.push(trace);
        trace.invoke("ab");
        return fail();
      }),
    ).rejects.toThrow("on purpose");
    expect(open.map(({ disposed }) => disposed)).toEqual([true, true]);
  });

  it("fails when the trace cannot be opened, as a rejection", async () => {
    const never = () => expect.fail("was called");
    const misspelt = { interventions: { ["layers.9" as string]: (y: MxArray) => y } };
    await expect(model.trace(x, misspelt, never)).rejects.toThrow(UnknownSiteError);
    await expect(texts.trace("", never)).rejects.toThrow(/empty/);
  });

  it("is not taken for one when it is something else", () => {
    const trace = model.trace as (...given: unknown[]) => unknown;
    const call = () => Reflect.apply(trace, model, [x, {}, "save"]);
    expect(call).toThrow(InvalidArgumentError);
  });
});
