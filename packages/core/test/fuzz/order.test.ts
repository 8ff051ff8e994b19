/** Order does not matter: of reading, saving and closing, of nested traces, and of traces that run at the same time. */
import { type Module, type MxArray, mx, toFlat } from "@mlxterp/mlx";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { InterpretableModel } from "../../src/model/model.js";
import type { Trace } from "../../src/trace/open-trace.js";
import { innermost, openCount } from "../../src/trace/open-traces.js";
import { x } from "../support/random-changes.js";
import { buildNetwork, networkPlans, type Plan } from "../support/random-networks.js";
import { randomRuns } from "../support/sweeps.js";
import { remember } from "../support/unmarked.js";

const numRuns = randomRuns({ some: 20, all: 60 });
type Numbers = ReturnType<typeof toFlat>;

afterEach(() => {
  expect(openCount()).toBe(0);
});

/** Every value of a pass by its name, read in the order of the tree. */
function reference(model: InterpretableModel<Module>, factor = 1): Map<string, Numbers> {
  using trace = model.trace(mx.multiply(x, factor));
  const all = trace.saveAll(/./);
  return new Map(Object.entries(all).map(([site, value]) => [site, toFlat(value)]));
}

function orderOf<T>(items: readonly T[], seeds: readonly number[]): T[] {
  return items
    .map((item, index) => ({ item, key: (seeds[index % seeds.length] * (index + 7)) % 101 }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

const seeds = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 });

it("values are the same in whatever order they are read, saved and computed", async () => {
  await fc.assert(
    fc.asyncProperty(networkPlans, seeds, fc.boolean(), async (plan, order, later) => {
      const model = new InterpretableModel(buildNetwork(plan));
      const expected = reference(model);
      const saved = new Map<string, MxArray>();
      {
        await using trace = model.trace(x);
        for (const site of orderOf([...expected.keys()], order)) {
          saved.set(site, trace.save(site));
          if (!later) expect(toFlat(trace.value(site))).toEqual(expected.get(site));
        }
      }
      for (const [site, value] of orderOf([...saved], order)) {
        expect(toFlat(value), site).toEqual(expected.get(site));
      }
    }),
    { numRuns },
  );
});

it("traces of two models that are opened and closed in any order read each from its own pass", () => {
  const actions = fc.array(fc.tuple(fc.constantFrom("open", "read", "close"), fc.nat(20)), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(networkPlans, networkPlans, actions, (one, other, list) => {
      const models = [one, other].map((plan) => new InterpretableModel(buildNetwork(plan)));
      const expected = models.map((model) => reference(model));
      const open: { trace: Trace<Module>; which: number }[] = [];
      for (const [action, number] of list) {
        const which = number % 2;
        if (action === "open") open.push({ trace: models[which].trace(x), which });
        const chosen = open[number % Math.max(1, open.length)];
        if (!chosen) continue;
        if (action === "read") expectOwn(chosen.trace, expected[chosen.which], number);
        if (action === "close") open.splice(open.indexOf(chosen), 1)[0].trace.dispose();
        const last = open.findLast((entry) => entry.which === which);
        expect(innermost(models[which]) === last?.trace).toBe(true);
      }
      for (const { trace } of open) trace.dispose();
    }),
    { numRuns },
  );
});

function expectOwn(trace: Trace<Module>, expected: Map<string, Numbers>, number: number): void {
  const sites = [...expected.keys()];
  const site = sites[number % sites.length];
  expect(toFlat(trace.value(site)), site).toEqual(expected.get(site));
}

it("asynchronous traces on one model keep apart, however they are interleaved and end", async () => {
  const task = fc.record({
    factor: fc.integer({ min: 1, max: 4 }),
    reads: fc.array(fc.nat(30), { minLength: 1, maxLength: 4 }),
    fails: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      networkPlans,
      fc.array(task, { minLength: 2, maxLength: 4 }),
      fc.scheduler(),
      async (plan: Plan, tasks, scheduler) => {
        const network = buildNetwork(plan);
        const model = new InterpretableModel(network);
        const sites = [...reference(model).keys()];
        const check = remember(network);
        const work = tasks.map(async ({ factor, reads, fails }) => {
          const pause = () => scheduler.schedule(Promise.resolve(factor));
          await pause();
          const kept: [string, MxArray][] = [];
          {
            await using trace = model.trace(mx.multiply(x, factor));
            for (const read of reads) {
              const site = sites[read % sites.length];
              await pause();
              expect(innermost(model) === trace).toBe(true);
              kept.push([site, trace.save(site)]);
            }
            if (fails) throw new Error("on purpose");
          }
          await pause();
          return kept;
        });
        const results = await scheduler.waitFor(Promise.allSettled(work));
        for (const [index, result] of results.entries()) {
          const expected = reference(model, tasks[index].factor);
          expect(result.status).toBe(tasks[index].fails ? "rejected" : "fulfilled");
          if (result.status === "rejected") continue;
          for (const [site, value] of result.value) {
            expect(toFlat(value), site).toEqual(expected.get(site));
          }
        }
        check();
      },
    ),
    { numRuns },
  );
});
