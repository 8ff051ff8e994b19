/** What an intervention must return. */
import { InvalidArgumentError, type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterventionDtypeError, InterventionShapeError } from "../src/errors.js";
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

describe("numbers that the dtype of a site cannot hold, which were cut off in silence", () => {
  class Twice extends nn.Module {
    parts = [new nn.Identity()];
    override forward(x: MxArray): MxArray {
      return this.parts[0].forward(mx.add(x, x));
    }
  }
  const doubles = new InterpretableModel(new Twice());
  const whole = mx.array([[[3]]], mx.int32); // of two axes it would be token ids
  const at = (change: Intervention, input: MxArray = whole) => {
    using trace = doubles.trace(input, { interventions: { "parts.0": change } });
    return trace.parts[0].value;
  };

  it.each<[string, Intervention, string]>([
    ["fractions", (x) => mx.multiply(x, 0.5), "float32"],
    ["complex numbers", (x) => x.astype(mx.complex64), "complex64"],
    ["more bits", (x) => x.astype(mx.int64), "int64"],
  ])("%s among integers are refused, with both dtypes", (_, change, received) => {
    expect(() => at(change)).toThrow(InterventionDtypeError);
    expect(() => at(change)).toThrow(
      expect.objectContaining({
        code: "INTERVENTION_DTYPE",
        site: "parts.0",
        expected: "int32",
        received,
      }),
    );
  });

  it("are the intervention's own to cut off", () => {
    expect(at((x) => mx.multiply(x, 0.5).astype(x.dtype)).item()).toBe(3);
  });

  it("are not those of a smaller kind, nor of another precision", () => {
    expect(at((x) => x.astype(mx.int8)).item()).toBe(6);
    expect(at((x) => mx.greater(x, 0)).item()).toBe(1);
    const half = mx.array([0.625], mx.float16);
    const rounded = at((x) => x.astype(mx.float32), half);
    expect([rounded.dtype, rounded.item()]).toEqual([mx.float16, 1.25]);
  });
});
