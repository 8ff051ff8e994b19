/** Modules whose names are also those of ports and members. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Add } from "./support/networks.js";

describe("modules with awkward names", () => {
  class Awkward extends nn.Module {
    output = new Add(1);
    input = new Add(2);
    save = new Add(3);
    name = new Add(4);
    tokens = new Add(5);
    override forward(y: MxArray): MxArray {
      const parts = [this.output, this.input, this.save, this.name, this.tokens];
      return mx.multiply(
        parts.reduce((sum, part) => part.forward(sum), y),
        100,
      );
    }
  }
  class Holder extends nn.Module {
    inner = new Awkward();
    override forward(y: MxArray): MxArray {
      return this.inner.forward(y);
    }
  }
  const zero = mx.zeros([1]);

  it("do not hide the model's own input and output", async () => {
    const awkward = new InterpretableModel(new Awkward());
    using trace = awkward.trace(zero);
    expect([trace.output.value.item(), trace.input.value.item()]).toEqual([1500, 0]);
    expect(
      (await awkward.run(zero)).entries().map(([site, value]) => [site, value.item()]),
    ).toEqual([["output.0", 1500]]);
    expect(awkward.name).toBe("Awkward");
    expect(trace.tokens).toBeUndefined();
  });

  it("are reached by their names, and their parent's ports by element", () => {
    using trace = new InterpretableModel(new Holder()).trace(zero);
    const read = (site: string) => trace.at(site).value.item();
    expect(["inner.output", "inner.input", "inner.save"].map(read)).toEqual([1, 3, 6]);
    expect(["inner", "inner.output.0", "inner.input.0", "output"].map(read)).toEqual([
      1500, 1500, 0, 1500,
    ]);
    expect(trace.inner.output.value.item()).toBe(1);
    expect(trace.inner.save().item()).toBe(1500);
  });

  it("can be changed by their names", () => {
    const holder = new InterpretableModel(new Holder());
    using trace = holder.trace(zero, { interventions: { "inner.output": (y) => mx.add(y, 1) } });
    expect(trace.output.value.item()).toBe(1600);
  });
});
