/** What a forward finds out about its own module is the same with and without a trace. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Add } from "./support/networks.js";

const x = mx.zeros([1]);

describe("what a forward finds out about its module", () => {
  it("is the same with and without a trace", () => {
    const seen: unknown[] = [];
    class Curious extends nn.Module {
      inner = new Add(1);
      layers = [new Add(2)];
      override forward(y: MxArray): MxArray {
        seen.push({
          keys: Object.keys(this),
          kind: this.constructor.name,
          training: this.training,
          isModule: nn.Module.isModule(this.inner),
          isClass: this.inner instanceof Add,
          isList: Array.isArray(this.layers),
          listLength: this.layers.length,
          hasInner: "inner" in this,
          amount: this.inner.amount,
          parameters: Object.keys(this.parameters()),
        });
        return this.inner.forward(y);
      }
    }
    const network = new Curious();
    network.forward(x);
    new InterpretableModel(network).trace(x).dispose();
    expect(seen[1]).toEqual(seen[0]);
  });

  it("includes modules whose properties or lists are frozen", () => {
    class Frozen extends nn.Module {
      inner = new Add(1);
      layers = Object.freeze([new Add(2)]);
      constructor() {
        super();
        Object.freeze(this);
      }
      override forward(y: MxArray): MxArray {
        return this.layers[0].forward(this.inner.forward(y));
      }
    }
    using trace = new InterpretableModel(new Frozen()).trace(x);
    expect(trace.inner.value.item()).toBe(1);
    expect(trace.layers[0].value.item()).toBe(3);
  });

  it("includes children behind accessors", () => {
    class Accessors extends nn.Module {
      layers = [new Add(1), new Add(2)];
      get first(): Add {
        return this.layers[0];
      }
      get all(): Add[] {
        return this.layers;
      }
      helper(y: MxArray): MxArray {
        return this.all[1].forward(y);
      }
      override forward(y: MxArray): MxArray {
        return this.helper(this.first.forward(y));
      }
    }
    using trace = new InterpretableModel(new Accessors()).trace(x);
    expect(trace.layers[0].value.item()).toBe(1);
    expect(trace.layers[1].value.item()).toBe(3);
  });
});
