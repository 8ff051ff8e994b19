/** A module that is called several times in one pass keeps every call. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Add } from "./support/networks.js";

class Loop extends nn.Module {
  step = new Add(1);
  other = new Add(0);

  override forward(x: MxArray): MxArray {
    return this.step.forward(this.step.forward(this.step.forward(this.other.forward(x))));
  }
}

const x = mx.zeros([1]);
const model = new InterpretableModel(new Loop());

describe("a module called three times", () => {
  it("lesson: the last call's value replaced those before it", () => {
    using trace = model.trace(x);
    const calls = [0, 1, 2].map((index) => trace.step.call(index).value.item());
    expect(calls).toEqual([1, 2, 3]);
    expect(trace.at("step#1").value.item()).toBe(2);
    expect(trace.at("step.input#1").value.item()).toBe(1);
  });

  it("does not choose a call by itself", () => {
    using trace = model.trace(x);
    expect(() => trace.step.value).toThrow(/called 3 times; choose step#0 … step#2/);
    expect(() => trace.at("step#3").value).toThrow(/call #3 did not happen/);
  });

  it("keeps all calls under numbered names", async () => {
    const cache = await model.run(x, { save: ["step", "other", "step.input#2"] });
    expect(cache.keys()).toEqual(["step#0", "step#1", "step#2", "other", "step.input#2"]);
    expect(cache.get("step#2").item()).toBe(3);
    expect(() => cache.get("step")).toThrow(/step#0, step#1, step#2/);
  });

  it("changes every call, or one", () => {
    const add = (amount: number) => (y: MxArray) => mx.add(y, amount);
    const output = (interventions: Record<string, (y: MxArray) => MxArray>) => {
      using trace = model.trace(x, { interventions });
      return trace.output.value.item();
    };
    expect(output({ step: add(10) })).toBe(33);
    expect(output({ "step#1": add(10) })).toBe(13);
    expect(output({ "step.input#2": add(100) })).toBe(103);
    expect(() => output({ "step#7": add(1) })).toThrow(/call #7 did not happen/);
  });

  it("tells an intervention which call it is", () => {
    const seen: number[] = [];
    const note = (y: MxArray, { call }: { call: number }) => {
      seen.push(call);
      return y;
    };
    model.trace(x, { interventions: { step: note } }).dispose();
    expect(seen).toEqual([0, 1, 2]);
  });

  it("starts counting anew in every pass", () => {
    model.trace(x).dispose();
    using trace = model.trace(x);
    expect(trace.step.call(0).value.item()).toBe(1);
  });
});
