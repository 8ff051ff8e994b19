/** Modules that the user exchanges, adds or removes after wrapping are seen in the next pass. */
import { type MxArray, mx, nn } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { InterpretableModel } from "../src/model/model.js";
import { Add, Block, Chain, numbers, Stack } from "./support/networks.js";

const x = mx.zeros([1]);
const names = (model: { sites(): { site: string }[] }) => model.sites().map(({ site }) => site);

describe("a model whose modules change", () => {
  it("reads from a child that took another's place", () => {
    const chain = new Chain(1, 2);
    const model = new InterpretableModel(chain);
    model.trace(x).dispose();
    chain.parts[1] = new Add(20);
    using trace = model.trace(x);
    expect(trace.parts[1].value.item()).toBe(21);
  });

  it("finds layers that were appended: by name, by pattern, from the end", async () => {
    const chain = new Chain(1, 2);
    const model = new InterpretableModel(chain);
    await model.run(x, { save: "parts.*" });
    chain.parts.push(new Add(30));
    const cache = await model.run(x, { save: ["parts.*", "parts.-1"] });
    expect(cache.keys()).toEqual(["parts.0", "parts.1", "parts.2"]);
    expect(cache.get("parts.-1").item()).toBe(33);
  });

  it("forgets layers that were removed", () => {
    const chain = new Chain(1, 2, 3);
    const model = new InterpretableModel(chain);
    chain.parts.pop();
    expect(names(model)).toEqual(["parts.0", "parts.1"]);
    expect(() => model.trace(x, { interventions: { "parts.2": (y) => y } })).toThrow(
      /parts.0 … parts.1/,
    );
    using trace = model.trace(x);
    expect(trace.parts[-1].value.item()).toBe(3);
  });

  it("sees what is inside a module that took a leaf's place", () => {
    const network = new Stack(2);
    const model = new InterpretableModel(network);
    model.trace(numbers(1, 4)).dispose();
    Object.assign(network, { head: new Block(4) });
    using trace = model.trace(numbers(1, 4));
    expect(trace.at("head.up" as string).shape).toEqual([1, 8]);
  });

  it("sees a module put where nothing was, and a list that was empty", () => {
    class Optional extends nn.Module {
      adapter: Add | undefined = undefined;
      extra: Add[] = [];
      override forward(y: MxArray): MxArray {
        const value = this.adapter ? this.adapter.forward(y) : y;
        return this.extra.reduce((sum, part) => part.forward(sum), value);
      }
    }
    const network = new Optional();
    const model = new InterpretableModel(network);
    model.trace(x).dispose();
    expect(names(model)).toEqual([]);
    network.adapter = new Add(4);
    network.extra.push(new Add(5));
    using trace = model.trace(x, { interventions: { "**": (y) => mx.multiply(y, 2) } });
    expect(trace.at("adapter").value.item()).toBe(8);
    expect(trace.at("extra.0").value.item()).toBe(26);
    expect(model.adapter.value.item()).toBe(8);
  });

  it("sees a member of a new name once it is asked for", () => {
    const chain = new Chain(1);
    const model = new InterpretableModel(chain);
    Object.assign(chain.parts[0], { extra: new Add(1) });
    expect(names(model)).toEqual(["parts.0", "parts.0.extra"]);
  });

  it("keeps an open trace readable while the tree grows", () => {
    const chain = new Chain(1, 2);
    const model = new InterpretableModel(chain);
    using trace = model.trace(x);
    chain.parts.unshift(new Add(100));
    using later = model.trace(x);
    expect(later.parts[2].value.item()).toBe(103);
    expect(trace.parts[1].value.item()).toBe(3);
  });
});
