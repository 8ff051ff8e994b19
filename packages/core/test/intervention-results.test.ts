/** What an intervention must return. */
import { InvalidArgumentError, type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterventionShapeError } from "../src/errors.js";
import { InterpretableModel } from "../src/model/model.js";
import { growsBatch } from "../src/pass/apply.js";
import type { Intervention, Interventions } from "../src/pass/intervention.js";
import { expectClose } from "./support/compare.js";
import { Chain, numbers, Stack } from "./support/networks.js";

const zero = mx.zeros([1]);
const model = new InterpretableModel(new Chain(1, 2, 3));
const add = (amount: number) => (x: MxArray) => mx.add(x, amount);

function output(interventions: Interventions): unknown {
  using trace = model.trace(zero, { interventions });
  return trace.output.value.item();
}

describe("what an intervention must return", () => {
  const fails = (intervention: unknown, message: RegExp) => {
    expect(() => output({ "parts.1": intervention as Intervention })).toThrow(message);
  };

  it("is an array of the same shape: the error names site and shapes", () => {
    const grow = (x: MxArray) => mx.concatenate([x, x], 0);
    expect(() => output({ "parts.1": grow })).toThrow(InterventionShapeError);
    fails(grow, /"parts.1" must return an array of shape \[1\], but returned shape \[2\]/);
    fails((x: MxArray) => x.reshape([1, 1]), /shape \[1, 1\]/);
    fails(() => undefined, /returned nothing/);
    fails(() => 3, /a value of type number/);
    fails(async (x: MxArray) => x, /a Promise .* cannot wait/);
  });

  it("may be of another dtype: it is cast back", () => {
    using trace = model.trace(zero, { interventions: { "parts.0": (x) => x.astype(mx.float16) } });
    expect(trace.parts[0].value.dtype).toBe(mx.float32);
  });

  it.each([0.5, null, undefined, "zero", {}, [add(1), 3], [undefined]])(
    "is a function: %j is none",
    (given) => {
      expect(() => output({ "parts.0": given as never })).toThrow(InvalidArgumentError);
      expect(() => output({ "parts.0": given as never })).toThrow(/"parts.0" is not a function/);
    },
  );

  it("may be more batch rows where the intervention says so, but not fewer, nor other axes", () => {
    const stack = new InterpretableModel(new Stack());
    const x = numbers(2, 3, 4);
    const join = growsBatch((y) => mx.concatenate([y, mx.zerosLike(y)], 0));
    using trace = stack.trace(x, { interventions: { "layers.1.input": join } });
    expect(trace.output.shape).toEqual([4, 3, 4]);
    // Not to the bit: some kernels sum differently for more rows.
    expectClose(trace.output.value.split(2)[0], stack.forward(x), 2e-5);
    const fewer = growsBatch((y) => y.index(mx.Slice(0, 1)));
    const longer = growsBatch((y) => mx.concatenate([y, y], 1));
    for (const wrong of [fewer, longer]) {
      expect(() => stack.trace(x, { interventions: { "layers.1": wrong } })).toThrow(
        InterventionShapeError,
      );
    }
  });
});
