/** What a model hands out, or was handed, is no way into it: whoever writes there changes no pass to come. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { expect, it } from "vitest";
import { Add, Chain } from "../../test/support/networks.js";
import { InterpretableModel } from "../index.js";

const zero = mx.zeros([1]);
const times = (factor: number) => (x: MxArray) => mx.multiply(x, factor);

it("the object that an edit was made from", () => {
  const model = new InterpretableModel(new Chain(1, 2, 3));
  const [list, changes] = [[times(10)], {} as Record<string, ReturnType<typeof times>[]>];
  changes["parts.0"] = list;
  const first = model.edit(changes, { name: "tens" });
  list[0] = times(0);
  changes["parts.1"] = [times(100)];
  const both = first.edit({ "parts.2": times(2) });
  expect([first.forward(zero).item(), both.forward(zero).item()]).toEqual([15, 30]);
  expect(both.edits.map(({ interventions }) => Object.keys(interventions))).toEqual([
    ["parts.0"],
    ["parts.2"],
  ]);
  expect(both.withoutEdit("edit2").forward(zero).item()).toBe(15);
  expect(Object.isFrozen(changes) || Object.isFrozen(list)).toBe(false);
});

it("the edits of a view, which stay as they are", () => {
  const view = new InterpretableModel(new Chain(1, 2)).edit({ "parts.0": [times(10)] });
  const { edits } = view as unknown as {
    edits: { name: string; interventions: Record<string, unknown[]> }[];
  };
  for (const write of [
    () => edits.push(edits[0]),
    () => Object.assign(edits[0], { name: "other" }),
    () => Object.assign(edits[0].interventions, { output: times(0) }),
    () => edits[0].interventions["parts.0"].pop(),
  ]) {
    expect(write).toThrow(TypeError);
  }
  expect([view.edits.length, view.forward(zero).item()]).toEqual([1, 12]);
});

it("axes that sites, scans and interventions are told", () => {
  class Rows extends nn.Module {
    readonly inner = new Named(1);
    override forward(x: MxArray): MxArray {
      return this.inner.forward(x);
    }
  }
  class Named extends Add {
    readonly outputAxes = ["batch", "hidden"] as const;
  }
  const model = new InterpretableModel(new Rows());
  const ask = () => model.sites("inner")[0].axes as string[];
  const x = mx.zeros([2, 3]);
  const spoil = (axes: readonly string[] | undefined) => (axes as string[]).reverse().pop();
  spoil(ask());
  spoil(model.scan(x).sites.find(({ site }) => site === "inner")?.axes);
  model.trace(x, {
    interventions: {
      inner: (value, { axes }) => {
        spoil(axes);
        return value;
      },
    },
  });
  expect(ask()).toEqual(["batch", "hidden"]);
});
