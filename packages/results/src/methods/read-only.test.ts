/** Lists that are read only to the compiler, and nothing else. */
import { expect, it } from "vitest";
import { z } from "zod";
import { readOnly } from "./read-only.js";

const lists = z.union([z.string(), readOnly(z.array(z.int()).min(1))]);

it("freezes nothing that a caller gave, which zod's own does to what it refuses", () => {
  const refused = [{ a: 1 }, ["x"], []];
  for (const given of [...refused, [1]]) {
    lists.safeParse(given);
    expect(Object.isFrozen(given)).toBe(false);
  }
});

it("refuses an array that cannot be frozen as any other, where zod's own ended in a TypeError", () => {
  expect(lists.safeParse(new Float32Array(3)).success).toBe(false);
});
