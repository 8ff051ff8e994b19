/** Random networks, selectors, interventions and failures: the network always comes out as it went in. */
import { type Module, type MxArray, mx, nn } from "@mlxterp/mlx";
import fc from "fast-check";
import { afterEach, expect, it } from "vitest";
import { InterpretableModel } from "./model.js";
import { openCount } from "./open-traces.js";
import { expectSame, expectUntouched } from "./testing/compare.js";
import { Add, numbers } from "./testing/networks.js";

/** Calls its children one after the other, wherever they are kept; may keep a private count. */
class Group extends nn.Module {
  list: Module[] = [];
  named: Record<string, Module | Module[]> = {};

  override forward(x: MxArray): MxArray {
    const others = Object.values(this.named).flat();
    return [...this.list, ...others].reduce((y, child) => child.forward(y) as MxArray, x);
  }
}

class PrivateGroup extends Group {
  #calls = 0;
  override forward(x: MxArray): MxArray {
    this.#calls += 1;
    return super.forward(x);
  }
}

const { network } = fc.letrec<{ network: Module; leaf: Module; group: Module }>((tie) => ({
  network: fc.oneof({ maxDepth: 4 }, tie("leaf"), tie("group"), tie("group")),
  leaf: fc.oneof(
    fc.integer({ min: -3, max: 3 }).map((amount) => new Add(amount)),
    fc.constantFrom(new nn.ReLU(), new nn.Linear(2, 2), new nn.Identity()), // shared by several parents
  ),
  group: fc
    .tuple(
      fc.boolean(),
      fc.array(tie("network"), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom("a", "b", "output"),
        fc.oneof(tie("network"), fc.array(tie("network"), { maxLength: 2 })),
        { maxKeys: 2 },
      ),
    )
    .map(([hidden, list, named]) =>
      Object.assign(hidden ? new PrivateGroup() : new Group(), { list, named }),
    ),
}));

const interventions = [
  (x: MxArray) => x,
  (x: MxArray) => mx.multiply(x, 2),
  (x: MxArray) => x.indexPut_(0, 7),
  (x: MxArray) => mx.zerosLike(x.astype(mx.float16)),
  (x: MxArray) => mx.concatenate([x, x], 0), // refused
  (): MxArray => {
    throw new Error("on purpose");
  },
];
const selector = fc.constantFrom(
  "**",
  "**.input",
  "list.0",
  "named.*",
  "output",
  "list.{0..1}",
  "nowhere",
);
const change = fc.tuple(selector, fc.constantFrom(...interventions));
const x = numbers(3, 2);

afterEach(() => {
  expect(openCount()).toBe(0);
});

it("a trace computes the same bits, and saving everything changes nothing", () => {
  fc.assert(
    fc.property(network, (module) => {
      const expected = module.forward(x) as MxArray;
      using trace = new InterpretableModel(module).trace(x);
      expectSame(trace.output.value, expected);
      trace.saveAll(/./);
      expectSame(trace.output.value, expected);
    }),
    { numRuns: 150 },
  );
});

it("random interventions and failures leave no mark", async () => {
  await fc.assert(
    fc.asyncProperty(network, fc.array(change, { maxLength: 3 }), async (module, changes) => {
      const model = new InterpretableModel(module);
      const expected = module.forward(x) as MxArray;
      await expectUntouched(module, async () => {
        const options = { interventions: Object.fromEntries(changes) };
        await model.run(x, { ...options, save: ["output"] }).catch((error: Error) => error);
        try {
          using trace = model.trace(x, options);
          trace.saveAll("**");
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      });
      expectSame(model.forward(x), expected);
      using trace = model.trace(x);
      expectSame(trace.output.value, expected);
    }),
    { numRuns: 150 },
  );
});
