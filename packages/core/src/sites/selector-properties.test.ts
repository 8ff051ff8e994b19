/** Selectors against a matcher that knows nothing but the list of paths, on random trees. */
import { type Module, type MxArray, nn } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomRuns } from "../../test/support/sweeps.js";
import { UnknownSiteError } from "../errors.js";
import { InterpretableModel } from "../model/model.js";

class Node extends nn.Module {
  override forward(x: MxArray): MxArray {
    return x;
  }
}

type Tree = { readonly [name: string]: Tree | Tree[] };
const name = fc.constantFrom("a", "b", "mlp", "selfAttn", "layers", "a1", "input");

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.dictionary(
    name,
    fc.oneof(
      { maxDepth: 3 },
      fc.constant({}),
      tie("tree"),
      fc.array(tie("tree"), { maxLength: 12 }),
    ),
    { maxKeys: 3 },
  ) as fc.Arbitrary<Tree>,
}));

function build(tree: Tree): Module {
  const children = Object.entries(tree).map(([key, child]) => [
    key,
    Array.isArray(child) ? child.map(build) : build(child),
  ]);
  return Object.assign(new Node(), Object.fromEntries(children) as object);
}

/** Every path with, for each segment, the length of the list it counts in. */
function paths(tree: Tree, above: [string, number][] = []): [string, number][][] {
  return Object.entries(tree).flatMap(([key, child]) => {
    const at: [string, number][] = [...above, [key, 0]];
    if (!Array.isArray(child)) return [at, ...paths(child, at)];
    return child.flatMap((item, index) => {
      const inside: [string, number][] = [...at, [String(index), child.length]];
      return [inside, ...paths(item, inside)];
    });
  });
}

const segment = fc.oneof(
  name.map((text) => ({ text, test: (key: string) => key === text })),
  fc.nat(11).map((index) => ({ text: `${index}`, test: (key: string) => key === `${index}` })),
  fc.constant({ text: "*", test: () => true }),
  fc.integer({ min: 1, max: 12 }).map((back) => ({
    text: `-${back}`,
    test: (key: string, length: number) => length > 0 && Number(key) === length - back,
  })),
  fc.tuple(fc.nat(11), fc.nat(11)).map(([from, to]) => ({
    text: `{${from}..${to}}`,
    test: (key: string, length: number) => length > 0 && Number(key) >= from && Number(key) <= to,
  })),
  fc.constant({ text: "**", test: undefined }),
);
type SegmentPattern = { text: string; test?: (key: string, length: number) => boolean };

/** `**` tried at every length: slow and plain. */
function matches(pattern: readonly SegmentPattern[], path: readonly [string, number][]): boolean {
  if (pattern.length === 0) return path.length === 0;
  const [head, ...rest] = pattern;
  if (!head.test) return path.some((_, cut) => matches(rest, path.slice(cut))) || matches(rest, []);
  return path.length > 0 && head.test(...path[0]) && matches(rest, path.slice(1));
}

describe("a selector on a random tree", () => {
  it("matches what trying every path matches", () => {
    const pattern = fc.array(segment, { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(tree, pattern, (shape, given) => {
        const selector = given.map(({ text }) => text).join(".");
        fc.pre(!/(^|\.)input(\.\d+)?$/.test(selector)); // could also be a port
        const expected = paths(shape).filter((path) => matches(given, path));
        const model = new InterpretableModel(build(shape));
        let found: string[] = [];
        try {
          found = model.sites(selector).map(({ site }) => site);
        } catch (error) {
          expect(error).toBeInstanceOf(UnknownSiteError);
        }
        expect(found.sort()).toEqual(
          expected.map((path) => path.map(([key]) => key).join(".")).sort(),
        );
      }),
      { numRuns: randomRuns({ some: 150, all: 300 }) },
    );
  });

  it("finds every site again by its own name", () => {
    fc.assert(
      fc.property(tree, (shape) => {
        const model = new InterpretableModel(build(shape));
        const ports = paths(shape).length > 0 ? ["**", "**.input", "input", "output"] : ["input"];
        for (const { site } of ports.flatMap((port) => model.sites(port))) {
          expect(model.sites(site).map((found) => found.site)).toEqual([site]);
        }
      }),
      { numRuns: randomRuns({ some: 25, all: 100 }) },
    );
  });
});
