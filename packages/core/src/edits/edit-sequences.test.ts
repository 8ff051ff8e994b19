/** Any sequence of edits does what a plain calculation says, and so does what is left when one is taken out. */
import { mx } from "@mlxterp/mlx";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contents } from "../../test/support/compare.js";
import { Add, Chain } from "../../test/support/networks.js";
import { InterpretableModel } from "../model/model.js";
import { replaceModule } from "../module-edits/replace-module.js";
import { splice } from "../module-edits/splice.js";
import { skip } from "../pass/skip.js";
import type { ModelEdits } from "./edit.js";

const parts = 3;

type Step =
  | { readonly kind: "replace"; readonly part: number; readonly amount: number }
  | { readonly kind: "splice"; readonly part: number; readonly amount: number }
  | { readonly kind: "skip"; readonly part: number }
  | { readonly kind: "multiply"; readonly part: number; readonly factor: number };

const part = fc.nat(parts - 1);
const amount = fc.integer({ min: -5, max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("replace" as const), part, amount }),
  fc.record({ kind: fc.constant("splice" as const), part, amount }),
  fc.record({ kind: fc.constant("skip" as const), part }),
  fc.record({ kind: fc.constant("multiply" as const), part, factor: amount }),
);
/** At most one splice at each part, as a second one is refused. */
const steps = fc
  .array(step, { maxLength: 8 })
  .map((list) =>
    list.filter(
      (one, index) =>
        one.kind !== "splice" ||
        !list.slice(0, index).some((other) => other.kind === "splice" && other.part === one.part),
    ),
  );

function editOf(step: Step): ModelEdits {
  const site = `parts.${step.part}`;
  if (step.kind === "replace") return { [site]: replaceModule(new Add(step.amount)) };
  if (step.kind === "splice") return { [site]: splice(new Add(step.amount), { error: false }) };
  if (step.kind === "skip") return { [site]: skip() };
  return { [site]: (x) => mx.multiply(x, step.factor) };
}

/** What a chain of 1, 2, 3 makes of 1. */
function calculate(list: readonly Step[]): number {
  let value = 1;
  for (let index = 0; index < parts; index++) {
    const here = list.filter((one) => one.part === index);
    const replaced = here.findLast((one) => one.kind === "replace")?.amount ?? index + 1;
    const spliced = here.find((one) => one.kind === "splice")?.amount ?? 0;
    if (!here.some((one) => one.kind === "skip")) value += replaced + spliced;
    for (const one of here) if (one.kind === "multiply") value *= one.factor;
  }
  return value;
}

describe("a sequence of edits", () => {
  it("acts as calculated, also without any one of them, and leaves the network as it was", () => {
    const network = new Chain(1, 2, 3);
    const before = contents(network);
    const model = new InterpretableModel(network);
    fc.assert(
      fc.property(steps, fc.nat(), (list, chosen) => {
        const view = list.reduce((current, one) => current.edit(editOf(one)), model);
        expect(view.forward(mx.array([1])).item()).toBeCloseTo(calculate(list), 10);
        if (list.length === 0) return;
        const out = chosen % list.length;
        const rest = list.filter((_, index) => index !== out);
        const without = view.withoutEdit(`edit${out + 1}`);
        expect(without.forward(mx.array([1])).item()).toBeCloseTo(calculate(rest), 10);
        expect(
          model
            .withEdits(without.edits)
            .forward(mx.array([1]))
            .item(),
        ).toBeCloseTo(calculate(rest), 10);
      }),
    );
    expect([...contents(network)]).toEqual([...before]);
    expect(model.forward(mx.array([1])).item()).toBe(7);
  });
});
