/** Conversations as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { turnOptions } from "./options.js";
import type { TurnResult } from "./result.js";
import { turnView } from "./view.js";

export const turnsMethod = defineMethod({
  name: "turns",
  title: "Conversations",
  summary:
    "Conversations: attention turn by turn, what would be said after each, and which the answer needs",
  input: "none",
  options: turnOptions,
  examples: ["--file chat.json --answer Paris", '"1 2 3 4" --ends 3'],
  run: async (model: AnalysisModel, input, options): Promise<TurnResult | TurnResult[]> => {
    const { turnByTurn } = await import("./turns.js");
    if (!isList(input)) return turnByTurn(model, input, options);
    const found: TurnResult[] = [];
    for (const one of input) found.push(await turnByTurn(model, one, options));
    return found;
  },
  view: turnView,
});

function isList(input: unknown): input is readonly string[] | readonly (readonly number[])[] {
  return Array.isArray(input) && typeof input[0] !== "number";
}
