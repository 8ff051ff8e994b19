/** Views with edits: order, names, removal, what they share with the original and what not. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { expectSame, expectUntouched } from "../../test/support/compare.js";
import { anySite, Counting } from "../../test/support/dictionary.js";
import { Add, Chain } from "../../test/support/networks.js";
import { EditNameError, UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";
import { replaceModule } from "../module-edits/replace-module.js";
import { skip } from "../pass/skip.js";

const zero = mx.zeros([1]);
const times = (factor: number) => (x: MxArray) => mx.multiply(x, factor);
const chain = () => new InterpretableModel(new Chain(1, 2, 3));

describe("the edits of a view", () => {
  const model = chain();
  const one = model.edit({ "parts.0": times(10) }, { name: "tens" });
  const two = one.edit({ "parts.0": times(2) }).edit({ "parts.1": skip() });

  it("act in order, before the interventions of the call", () => {
    expect(one.forward(zero).item()).toBe(15);
    expect(two.forward(zero).item()).toBe(23);
    using trace = two.trace(zero, { interventions: { "parts.0": (x) => mx.add(x, 1) } });
    expect(trace.output.value.item()).toBe(24);
    expect(model.forward(zero).item()).toBe(6);
  });

  it("are data with names", () => {
    expect(two.edits.map(({ name }) => name)).toEqual(["tens", "edit2", "edit3"]);
    expect(Object.keys(two.edits[2].interventions)).toEqual(["parts.1"]);
    expect(model.edits).toEqual([]);
  });

  it("are taken out by name", () => {
    expect(two.withoutEdit("tens").forward(zero).item()).toBe(5);
    expect(two.withoutEdit("edit3").forward(zero).item()).toBe(25);
    expect(two.forward(zero).item()).toBe(23);
    expect(one.withoutEdit("tens").edits).toEqual([]);
    expect(two.original).toBe(model);
    expect(model.original).toBe(model);
  });

  it("are read once, however many views are made one from the other", () => {
    let reads = 0;
    const counted = new Proxy(
      { "parts.0": times(2) },
      {
        ownKeys(target) {
          reads++;
          return Reflect.ownKeys(target);
        },
      },
    );
    let view = model.edit(counted);
    const first = reads;
    for (let index = 0; index < 5; index++) view = view.edit({ "parts.1": times(1) });
    expect(reads).toBe(first); // else the next of a thousand views costs a thousand times the first
    expect(first).toBeGreaterThan(0);
    expect(view.forward(zero).item()).toBe(7);
  });

  it("can be carried to another view", () => {
    const other = chain().withEdits(two.edits);
    expect(other.forward(zero).item()).toBe(23);
    expect(other.edits).toEqual(two.edits);
  });

  it("refuse a name twice, and a name that is none", () => {
    const again = () => two.edit({ "parts.0": times(2) }, { name: "tens" });
    expect(again).toThrow(EditNameError);
    expect(again).toThrow(/already an edit named "tens".*tens, edit2, edit3/);
    expect(() => two.withoutEdit("hundreds")).toThrow(/no edit named "hundreds".*tens, edit2/);
    expect(() => model.withoutEdit("x")).toThrow(/It has none/);
    const taken = model.edit({ "parts.0": times(1) }, { name: "edit2" });
    expect(taken.edit({}).edits.map(({ name }) => name)).toEqual(["edit2", "edit3"]);
  });

  it("are in the provenance of caches", async () => {
    const run = await one.run(zero, { interventions: { "parts.2": times(1) } });
    expect(run.provenance).toMatchObject({
      edits: [{ name: "tens", sites: ["parts.0"] }],
      interventions: ["parts.2"],
    });
  });

  it("act in several views and traces at once", async () => {
    using first = one.trace(zero);
    using second = two.trace(zero);
    const results = await Promise.all([one, two, model].map((view) => view.run(zero)));
    expect(results.map((run) => run.get("output").item())).toEqual([15, 23, 6]);
    expect([first.output.value.item(), second.output.value.item()]).toEqual([15, 23]);
  });

  it("leave nothing behind after an exception", async () => {
    const network = new Chain(1, 2);
    const fail = (): MxArray => {
      throw new Error("stop here");
    };
    const failing = new InterpretableModel(network).edit({
      "parts.0": replaceModule(new Counting(new Add(5))),
      "parts.1": fail,
    });
    await expectUntouched(network, () => expect(() => failing.trace(zero)).toThrow("stop here"));
    expectSame(failing.original.forward(zero), mx.array([3]));
  });

  it("keep a later edit from losing the modules it acts in", () => {
    const put = model.edit({ "parts.1": replaceModule(new Counting(new Add(7))) }, { name: "put" });
    const inside = put.edit({ [anySite("parts.1.base")]: times(0) });
    expect(inside.forward(zero).item()).toBe(3);
    expect(() => inside.withoutEdit("put")).toThrow(UnknownSiteError);
    expect(inside.withoutEdit("edit2").forward(zero).item()).toBe(11);
  });
});
