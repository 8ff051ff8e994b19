/** Arrays can be changed in place; whoever does so changes only what they hold. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Tap } from "../src/tree/tap.js";
import { expectSame, expectUntouched } from "./support/compare.js";
import { Add } from "./support/networks.js";

/** Passes one and the same array through many hands, its own parameter among them. */
class Passing extends nn.Module {
  weight = mx.array([1, 2, 3]);
  tap = new Tap(["hidden"]);
  same = new nn.Identity();
  add = new Add(1);

  override forward(x: MxArray): MxArray {
    const residual = this.tap.forward(this.same.forward(x));
    return mx.add(mx.add(residual, this.add.forward(residual)), this.tap.forward(this.weight));
  }
}

const network = new Passing();
const model = new InterpretableModel(network);
const x = () => mx.array([10, 20, 30]);
const expected = mx.array([22, 43, 64]);
const spoil = (array: MxArray) => array.indexPut_(0, -999);

describe("lesson: an array changed in place corrupted every later run", () => {
  it("does not reach the weights, the input, or other sites", async () => {
    const input = x();
    await expectUntouched(network, () => {
      using trace = model.trace(input);
      for (const site of [
        "same",
        "tap#0",
        "tap#1",
        "tap.input#1",
        "add.input",
        "input",
        "output",
      ]) {
        spoil(trace.at(site).value);
        spoil(trace.save(site));
      }
      expectSame(trace.at("same").value, x());
      expectSame(trace.at("tap#1").value, network.weight);
      expectSame(trace.at("add.input").value, x());
      expectSame(trace.output.value, expected);
      expectSame(input, x());
    });
  });

  it("does not reach beyond one entry of a cache", async () => {
    const cache = await model.run(x(), { save: ["same", "tap", "add.input", "output"] });
    spoil(cache.get("same"));
    spoil(cache.get("tap#1"));
    expectSame(cache.get("tap#0"), x());
    expectSame(cache.get("add.input"), x());
    expectSame(network.weight, mx.array([1, 2, 3]));
  });

  it("stays within an intervention that works in place", () => {
    const inPlace = (y: MxArray) => {
      spoil(y);
      return y;
    };
    const input = x();
    using trace = model.trace(input, { interventions: { "add.input": inPlace } });
    expectSame(trace.at("add.input").value, mx.array([-999, 20, 30]));
    expectSame(trace.at("tap#0").value, x());
    expectSame(trace.output.value, mx.array([10 - 998 + 1, 43, 64]));
    expectSame(input, x());
  });

  it("lesson: replaceWith handed back the caller's array, and adding to it corrupted it", () => {
    const vector = mx.array([5, 5, 5]);
    using trace = model.trace(x(), { interventions: { same: () => vector } });
    spoil(trace.same.save());
    expectSame(vector, mx.array([5, 5, 5]));
    expectSame(trace.same.value, vector);
  });

  it("does not reach what was computed before the change", async () => {
    const input = x();
    const trace = model.trace(input);
    spoil(input);
    expectSame(trace.output.value, expected);
    trace.dispose();
  });
});
