/** A method without a view of its own shows what it found. */
import { expect, it } from "vitest";
import { z } from "zod";
import { createTable, defineMethod, type Result } from "../index.js";

const result: Result = {
  method: "count",
  asked: {},
  fed: [{ role: "prompt", ids: [4], pieces: ["Mary"] }],
  grids: {},
  tables: { tokens: createTable(["text", "count"], [{ text: "Mary", count: 0.25 }, { text: "John", count: null }]) }, // biome-ignore format: one table
  notes: [{ code: "FEW", text: "few tokens" }],
  provenance: {} as Result["provenance"],
};

it("shows what was fed, the notes, and every table", () => {
  const count = defineMethod({
    ...{ name: "count", title: "Count", summary: "How many", input: "prompts" },
    options: z.object({}),
    run: async () => result,
  } as const);
  const [fed, note, section] = count.view(result);
  expect([fed.kind, note]).toEqual(["tokens", { kind: "text", text: "Note: few tokens" }]);
  expect(section).toMatchObject({
    kind: "section",
    title: "tokens",
    blocks: [
      {
        columns: [{ align: "left" }, { title: "count", align: "right" }],
        rows: [
          ["Mary", "0.250"],
          ["John", ""],
        ],
      },
    ],
  });
});
