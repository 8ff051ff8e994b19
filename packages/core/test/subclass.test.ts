/** Models can be subclassed, as the language models are. */
import type { MxArray } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { expectSame } from "./support/compare.js";
import { numbers, Stack } from "./support/networks.js";

class Named extends InterpretableModel<Stack> {
  readonly kind: string;

  constructor(network: Stack, kind: string) {
    super(network, { name: "stack" });
    this.kind = kind;
  }

  firstLayer(): MxArray {
    return this.layers[0].value;
  }
}

const network = new Stack();
const named = new Named(network, "plain");
const x = numbers(1, 4);

describe("a subclass", () => {
  it("has the views of its network", () => {
    using trace = named.trace(x);
    expectSame(named.firstLayer(), trace.layers[0].value);
    expect([named.name, named.kind]).toEqual(["stack", "plain"]);
  });

  it("stays itself when it is edited", () => {
    const edited = named.edit({ "layers.0": (y) => y });
    expect(edited).toBeInstanceOf(Named);
    expect(edited.kind).toBe("plain");
    using trace = edited.trace(x);
    expectSame(edited.firstLayer(), trace.layers[0].value);
  });
});
