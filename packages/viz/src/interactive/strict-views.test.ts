/** What a page gives a component that is no block of its kind is refused by name, before anything is drawn. */
import { type Block, MlxterpError } from "@mlxterp/results";
import { expect, it } from "vitest";
import * as interactive from "./index.js";

const strip: Block = { kind: "tokens", label: "Fed", pieces: ["a"] };
const components = Object.entries(interactive).filter(([name]) => /^[A-Z]/.test(name));

/** A component is called as a page calls it; what stands inside is drawn later. */
function called(component: unknown, props: unknown): unknown {
  return (component as (props: unknown) => unknown)(props);
}

it("every component that is exported is tried", () => {
  expect(components.length).toBe(8);
});

it.each(components)("%s refuses what is no block of its kind", (_, component) => {
  const bad = { kind: "bars", title: 7 };
  const wrong = [
    undefined,
    null,
    3,
    "x",
    {},
    [],
    [null],
    strip,
    bad,
    [bad],
    { ...strip, pieces: 3 },
  ];
  for (const value of wrong.filter((one) => one !== strip)) {
    for (const props of [value, { block: value }, { blocks: value }, { grid: value }]) {
      if (isRight(component, props)) continue;
      expect(() => called(component, props)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" })); // biome-ignore format: one line
    }
  }
});

function isRight(component: unknown, props: unknown): boolean {
  const { blocks } = (props ?? {}) as { blocks?: unknown };
  return component === interactive.BlocksView && Array.isArray(blocks) && blocks.length === 0;
}

it("a component of one kind refuses another kind, and a misspelt property by the nearest", () => {
  const { GraphView, TokenStrip, BlockView } = interactive;
  expect(() => called(GraphView, { block: strip })).toThrow('must be one of "graph"');
  expect(() => called(TokenStrip, { block: strip, onSelct: () => 1 })).toThrow('"onSelect"');
  expect(() => called(BlockView, { block: strip, theme: "drak" })).toThrow('"dark"');
  expect(called(BlockView, { block: strip, theme: "dark" })).toMatchObject({ props: { block: strip } }); // biome-ignore format: one line
});

it("renderInto names an option that does not exist, and what is no element", () => {
  const { renderInto } = interactive;
  const error = (call: () => unknown) => {
    try {
      call();
    } catch (thrown) {
      return MlxterpError.isInstance(thrown) ? (thrown as MlxterpError).message : String(thrown);
    }
    return "nothing";
  };
  expect(error(() => renderInto({} as never, [strip]))).toContain("must be an element");
  expect(error(() => renderInto({} as never, [strip], { them: "dark" } as never))).toContain('"theme"'); // biome-ignore format: one line
});
