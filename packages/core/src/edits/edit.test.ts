/** The check of edits: what it is told, and what it is told they are called. */
import { expect, it } from "vitest";
import { checkEdits } from "./edit.js";

const edits = [{ name: "calm", interventions: {} }];

it("names the place of what is wrong", () => {
  checkEdits("edits", edits);
  expect(() => checkEdits("edits", [...edits, { name: 3, interventions: {} }])).toThrow(
    "edits[1].name: must be a string",
  );
});

it.each([[Object.create(null)], [Symbol("edits")], [undefined]])(
  "refuses the name of an argument that cannot stand in a message: %#",
  (argument: unknown) => {
    expect(() => checkEdits(argument as string, edits)).toThrow("argument: must be a string");
  },
);
