/** Random networks used at random, with failures anywhere: the network and every earlier capture stay as they were. */
import { type MxArray, toFlat } from "@mlxterp/mlx";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { InterpretableModel } from "../../src/model/model.js";
import { arrayInside } from "../../src/pass/nested.js";
import { openCount } from "../../src/trace/open-traces.js";
import { expectSame } from "../support/compare.js";
import { heldArrays } from "../support/handles.js";
import { x } from "../support/random-changes.js";
import { buildNetwork, networkPlans } from "../support/random-networks.js";
import { type Step, steps, take } from "../support/random-steps.js";
import { randomRuns } from "../support/sweeps.js";
import { remember } from "../support/unmarked.js";

const numRuns = randomRuns({ some: 50, all: 150 });

afterEach(() => {
  expect(openCount()).toBe(0);
});

/** Arrays with the numbers they had when they were captured. */
class Captures {
  readonly #all: { array: MxArray; bits: unknown }[] = [];

  keep(array: MxArray): void {
    this.#all.push({ array, bits: undefined });
  }

  /** Looks at all of them; those that are new are computed. */
  check(): void {
    for (const one of this.#all) {
      const bits = toFlat(one.array);
      if (one.bits !== undefined) expect(bits).toEqual(one.bits);
      one.bits = bits;
    }
  }
}

async function use(
  plan: Parameters<typeof buildNetwork>[0],
  taken: readonly Step[],
): Promise<void> {
  const network = buildNetwork(plan);
  const model = new InterpretableModel(network);
  const expected = arrayInside(network.forward(x))!;
  const check = remember(network);
  const captures = new Captures();
  const open: Disposable[] = [];
  for (const step of taken) {
    await take(step, { model, keep: (array) => captures.keep(array), open });
    check();
    captures.check();
    expectSame(model.forward(x), expected);
    using trace = model.trace(x);
    expectSame(arrayInside(trace.result)!, expected); // a recursive model has several outputs
  }
  for (const trace of open) trace[Symbol.dispose]();
  captures.check();
  check();
}

it("leaves every network as it was, and every capture", async () => {
  await fc.assert(
    fc.asyncProperty(networkPlans, fc.array(steps, { minLength: 1, maxLength: 4 }), use),
    { numRuns },
  );
});

it("gives back the memory", async () => {
  const plans = fc.sample(fc.tuple(networkPlans, fc.array(steps, { maxLength: 4 })), {
    numRuns: 40,
    seed: 5,
  });
  const everything = async () => {
    for (const [plan, taken] of plans) await use(plan, taken);
  };
  await everything(); // what is made once and kept
  const before = await heldArrays();
  await everything();
  expect((await heldArrays()) - before).toBeLessThan(10); // of some thousands
});
