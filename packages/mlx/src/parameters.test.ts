/** The flat list of parameters against the tree that the binding makes. */
import { describe, expect, it } from "vitest";
import { type ArrayTree, isArray, listParameters, mx, nn } from "./index.js";

class Inner extends nn.Module {
  weight = mx.ones([2]);
  bias: unknown = null;
  _hidden = mx.ones([3]);
  rate = 0.5;
  when = new Date(0);
}

class Outer extends nn.Module {
  first = new Inner();
  list = [new Inner(), mx.ones([1]), "text", [mx.zeros([2])], null];
  named = { inner: new Inner(), array: mx.ones([4]), _own: mx.ones([5]), none: undefined };
  activation = (x: unknown) => x;
  frozen = new Inner().freeze();
  get derived() {
    return mx.ones([9]);
  }
}

function flattened(tree: ArrayTree, path: string[] = []): string[] {
  if (isArray(tree)) return [path.join(".")];
  return Object.entries(tree).flatMap(([key, child]) => flattened(child, [...path, key]));
}

describe("listParameters", () => {
  it("lists what module.parameters() holds, in its order, the arrays themselves", () => {
    const module = new Outer();
    const listed = listParameters(module);
    expect([...listed.keys()]).toEqual(flattened(module.parameters()));
    expect(listed.size).toBe(8);
    expect(listed.get("first.weight")).toBe(module.first.weight);
  });

  it("asks a module that says itself what its parameters are", () => {
    const own = { part: { weight: mx.ones([3]) } };
    const module = Object.assign(new Outer(), { parameters: () => own });
    expect(listParameters(module).get("part.weight")).toBe(own.part.weight);
    expect(listParameters(module).size).toBe(1);
  });

  it("is told what is no module", () => {
    const wrong = { parameters: () => ({}) } as unknown as InstanceType<typeof nn.Module>;
    expect(() => listParameters(wrong)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }) as Error,
    );
  });
});
