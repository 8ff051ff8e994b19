/** Views of an open trace: members that follow the module tree, and manners towards whoever looks at them. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { OutOfRangeError, ReadOnlySiteError, UnknownSiteError } from "../src/errors.js";
import { InterpretableModel } from "../src/model/model.js";
import { expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

const network = new Stack();
const model = new InterpretableModel(network);
const x = numbers(1, 2, 4);

describe("members", () => {
  it("are the module tree, and stay the same objects", () => {
    using trace = model.trace(x);
    expect(trace.layers).toBe(trace.layers);
    expect(trace.layers[1]).toBe(trace.layers[-2]);
    expect(trace.layers[1].up).toBe(trace.layers[1].up);
    expect(trace.output).toBe(trace.output);
    expect(model.layers).toBe(trace.layers);
    expect([...trace.layers]).toHaveLength(trace.layers.length);
    expect("layers" in trace && "up" in trace.layers[0] && 2 in trace.layers).toBe(true);
    expect("layer" in trace || 3 in trace.layers).toBe(false);
  });

  it("have a value, a shape and a canonical name", () => {
    using trace = model.trace(x);
    expectSame(trace.layers[0].value, network.layers[0].forward(x));
    expectSame(trace.layers[0].output.value, trace.layers[0].value);
    expectSame(trace.layers[1].input.value, trace.layers[0].value);
    expectSame(trace.layers[1].call(0).save(), trace.layers[1].value);
    expect(trace.layers[0].up.shape).toEqual([1, 2, 8]);
    const sites = [trace.layers[0], trace.layers[0].output, trace.layers[0].input, trace.output];
    expect(sites.map(({ site }) => site)).toEqual([
      "layers.0",
      "layers.0",
      "layers.0.input",
      "output",
    ]);
  });

  it("that do not exist are errors with the names that do", () => {
    using trace = model.trace(x);
    const any = trace as never as Record<string, never>;
    expect(() => any.layer).toThrow(UnknownSiteError);
    expect(() => any.layer).toThrow(/Nearest: layers, head/);
    expect(() => any.haed).toThrow(/Nearest: head, layers/);
    expect(() => (trace.layers[0] as never as Record<string, never>).upp).toThrow(
      /layers.0.up, layers.0.down/,
    );
    expect(() => trace.layers[3]).toThrow(OutOfRangeError);
    expect(() => trace.layers[-4]).toThrow(/layers -4 does not exist: this list has 3/);
    expect(() => (trace.layers as never as Record<string, never>).map).toThrow(UnknownSiteError);
  });

  it("lesson: layers[i].mlp.output = v did nothing", () => {
    using trace = model.trace(x);
    const loose = trace as never as { layers: Record<string, unknown>[] };
    expect(() => Object.assign(loose.layers[0], { output: x })).toThrow(ReadOnlySiteError);
    expect(() => Object.assign(loose.layers[0], { output: x })).toThrow(
      /interventions: \{ "layers.0"/,
    );
    expect(() => Object.assign(loose.layers[0], { up: x })).toThrow(
      /"layers.0.up" cannot be assigned/,
    );
    expect(() => Object.assign(loose.layers, { 0: x })).toThrow(ReadOnlySiteError);
    expect(() => Object.assign(loose, { layers: [] })).toThrow(ReadOnlySiteError);
    expect(() => delete loose.layers[0].up).toThrow(ReadOnlySiteError);
    expect(() => Object.defineProperty(loose, "layers", { value: 1 })).toThrow(ReadOnlySiteError);
  });
});

describe("manners", () => {
  it("can be awaited, printed, and turned into JSON", async () => {
    await using trace = model.trace(x);
    for (const view of [trace, trace.layers, trace.layers[0], trace.layers[0].up, trace.output]) {
      expect(await view).toBe(view);
      expect(inspect(view)).toMatch(/^\[(site|sites|trace).*\]$/);
      expect(String(view)).toBe(inspect(view));
      expect(`${view}`).toBe(inspect(view));
      expect(JSON.stringify(view).length).toBeLessThan(60);
    }
    expect(JSON.stringify({ at: trace.layers[0] })).toBe('{"at":{"site":"layers.0"}}');
  });

  it("can be handed to an assertion library, also when it complains", () => {
    using trace = model.trace(x);
    expect(trace.layers[0]).toBe(trace.layers[0]);
    expect(trace.layers[0]).toBeDefined();
    for (const view of [trace, trace.layers, trace.layers[0]]) {
      expect(() => expect(view).toEqual({ something: "else" })).toThrow(/something/);
      expect(() => expect(view).toBe(3)).toThrow(/3/);
    }
  });

  it("stay readable as text after the trace has closed", () => {
    const trace = model.trace(x);
    const view = trace.layers[0];
    trace.dispose();
    expect(`${view} ${JSON.stringify(view)} ${inspect(trace)}`).toBe(
      '[site layers.0] {"site":"layers.0"} [trace, closed, 0 saved]',
    );
  });
});
