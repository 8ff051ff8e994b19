/** A network written by a user in plain JavaScript, loaded by Node as it is. */
import { createRequire } from "node:module";
import { type Module, mx, nn, toFlat } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { InterpretableModel } from "../../src/model/model.js";
import { expectSame } from "../support/compare.js";
import { expectUnmarked } from "../support/unmarked.js";

type Networks = Record<"Everything" | "Gain", new (...built: number[]) => Module>;

const load = createRequire(import.meta.url);
const { Everything, Gain } = load("../support/plain-javascript.cjs")({ mx, nn }) as Networks;
const x = mx.zeros([2]);
const numbers = (trace: { value(site: string): typeof x }, sites: string[]) =>
  sites.map((site) => toFlat(trace.value(site))[0]);

it("is read at every module, whatever way it is held and called", () => {
  const network = new Everything();
  const model = new InterpretableModel(network);
  const sites = ["steps.0.shift", "steps.0", "steps.1", "byName.last"];
  expect(model.sites().map(({ site }) => site)).toEqual([
    ...["steps.0", "steps.0.shift", "steps.1", "byName.last"],
  ]);
  using trace = model.trace(x);
  expect(numbers(trace, sites)).toEqual([1, 3, 13, 20]);
  expectSame(trace.output.value, mx.array([40, 40]));
  expectSame(network.forward(x), mx.array([40, 40]));
});

it("is changed at every module, and holds the same objects afterwards", async () => {
  const network = new Everything();
  const model = new InterpretableModel(network);
  const expected = { "steps.0.shift": 58, "steps.0": 46, "steps.1": 46, "byName.last": 46 };
  await expectUnmarked(network, async () => {
    for (const [site, value] of Object.entries(expected)) {
      const cache = await model.run(x, { interventions: { [site]: (y) => mx.add(y, 3) } });
      expectSame(cache.get("output"), mx.array([value, value]));
    }
  });
});

it("is observed where a function serves as a class and keeps its state in a WeakMap", () => {
  const gain = Reflect.apply(Gain as never, undefined, [3]) as Module; // without new
  using trace = new InterpretableModel(gain).trace(x);
  expect(numbers(trace, ["shift", "output"])).toEqual([1, 3]);
  expect(trace.notes).toHaveLength(1);
});
