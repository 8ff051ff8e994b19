/** Every invocation equals a trace of its own prompts: every site, whatever the others are and do. */
import { type MxArray, mx } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CausalModel, letters } from "../../test/support/causal-model.js";
import { expectClose, expectSame } from "../../test/support/compare.js";
import { numbers, Stack } from "../../test/support/networks.js";
import { randomRuns } from "../../test/support/sweeps.js";
import { InterpretableModel } from "../model/model.js";
import type { Intervention, Interventions } from "../pass/intervention.js";

const model = new InterpretableModel(new CausalModel(), { tokenizer: letters });
const everything = [/./, "input", "output"];

/** Rows of one matrix product depend in their last bits on how many there are, and so does a sum with zeros behind it. */
const rounding = 1e-5;
/** Programs multiply keys by up to 36, and softmax makes of the scores' rounding that of weights: 8e-6 in 2,500 runs. */
const multipliedRounding = 5e-5;

function expectEqualMaps(
  actual: Readonly<Record<string, MxArray>>,
  expected: Readonly<Record<string, MxArray>>,
  tolerance = rounding,
): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [site, value] of Object.entries(expected)) {
    const largest = Number(mx.max(mx.abs(value)).item());
    expectClose(actual[site], value, tolerance * Math.max(1, largest));
  }
}

describe("prompts in one forward", () => {
  it("have all the values that each has alone", () => {
    using trace = model.trace();
    const prompts = ["abcde", "k", "gfa", ["hi", "abcd"]];
    const together = prompts.map((prompt) => trace.invoke(prompt));
    for (const [index, prompt] of prompts.entries()) {
      using alone = model.trace(prompt);
      expectEqualMaps(together[index].saveAll(...everything), alone.saveAll(...everything));
      expect(together[index].tokens?.ids).toEqual(alone.tokens?.ids);
    }
  });

  it("keep the bits of what is computed element by element", () => {
    const chain = new InterpretableModel(new Stack());
    const [x, y] = [numbers(2, 3, 4), mx.negative(numbers(1, 3, 4))];
    using trace = chain.trace();
    const [first, second] = [trace.invoke(x), trace.invoke(y)];
    expectSame(first.input.value, x);
    expectSame(second.input.value, y);
    expectSame(second.layers[0].input.value, y);
  });

  it("are the plain pass, bit for bit, where there is only one invocation", () => {
    const interventions = { "layers.0": (x: MxArray) => mx.multiply(x, 2) };
    using trace = model.trace();
    const only = trace.invoke(["abc", "d"], { interventions });
    using plain = model.trace(["abc", "d"], { interventions });
    for (const [site, value] of Object.entries(plain.saveAll(...everything))) {
      expectSame(only.value(site), value);
    }
  });

  it("tell interventions what a single run tells them", () => {
    const seen: unknown[] = [];
    const note: Intervention = (x, { site, call, axes, tokens, offset, step }) => {
      seen.push([site, call, axes, tokens?.ids, tokens?.array.shape, offset, step, x.shape]);
      return x;
    };
    const interventions = { "layers.*": note, "**.pattern": note, "layers.0.input": note };
    const program = { interventions };
    using trace = model.trace();
    for (const prompt of ["abcd", "ef"]) trace.invoke(prompt, program);
    trace.run();
    const together = seen.splice(0);
    for (const prompt of ["abcd", "ef"]) model.trace(prompt, program).dispose();
    const ids = (entry: unknown) => JSON.stringify((entry as unknown[])[3]);
    expect(together.toSorted((a, b) => ids(a).localeCompare(ids(b)))).toEqual(seen);
  });
});

/** Changes that differ with the length of the prompt, so that padding would show. */
const changes: Record<string, Intervention> = {
  half: (x) => mx.multiply(x, 0.5),
  zero: (x) => mx.zerosLike(x),
  mean: (x) => mx.add(mx.multiply(x, 0), mx.mean(x, 1, true)),
  last: (x, { tokens }) => mx.multiply(x, tokens?.lengths[0] ?? 0),
  ramp: (x) => {
    const along = x.ndim > 1 ? x.shape[1] : 1;
    const steps = mx.arange(0, along, 1, mx.float32);
    return mx.add(x, steps.reshape(x.shape.map((_, axis) => (axis === 1 ? along : 1))));
  },
  back: (x) => (x.ndim === 3 ? x.index(mx.Slice(), mx.Slice(null, null, -1)) : x),
  place: (x) => {
    // of the same numbers a norm makes nothing but what rounding left of their mean, many times over
    x.indexPut_(0, mx.arange(1, x.shape[x.ndim - 1] + 1, 1, mx.float32));
    return x;
  },
};
const sites = [
  "embedTokens",
  "layers.*",
  "layers.0.input",
  "layers.{0,1}.residMid",
  "**.pattern",
  "layers.1.selfAttn.result",
  "layers.1.selfAttn.key",
  "finalNorm",
  "output",
];

const prompt = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 6 });
const change = fc.tuple(
  fc.constantFrom(...sites),
  fc.array(fc.constantFrom(...Object.keys(changes)), { minLength: 1, maxLength: 2 }),
);
const program = fc.record({
  prompts: fc.array(prompt, { minLength: 1, maxLength: 2 }),
  given: fc.array(change, { maxLength: 3 }),
});

function interventionsOf(given: readonly [string, string[]][]): Interventions {
  return Object.fromEntries(
    given.map(([site, names]) => [site, names.map((name) => changes[name])]),
  );
}

it("random programs on random prompts equal traces of their own", () => {
  fc.assert(
    fc.property(fc.array(program, { minLength: 1, maxLength: 4 }), (programs) => {
      using trace = model.trace();
      const together = programs.map(({ prompts, given }) =>
        trace.invoke(prompts, { interventions: interventionsOf(given) }),
      );
      for (const [index, { prompts, given }] of programs.entries()) {
        using alone = model.trace(prompts, { interventions: interventionsOf(given) });
        const [ours, theirs] = [together[index], alone].map((one) => one.saveAll(...everything));
        expectEqualMaps(ours, theirs, multipliedRounding);
      }
    }),
    { numRuns: randomRuns({ some: 20, all: 60 }) },
  );
});
