/** Circuits as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { circuitOptions } from "./options.js";
import type { CircuitResult } from "./result.js";
import { circuitView } from "./view.js";

export const circuit = defineMethod({
  name: "circuit",
  title: "Circuits",
  summary: "Circuits: the few connections that are enough for the answer, beside random ones",
  input: "pairs",
  options: circuitOptions,
  examples: ["", "--keep 0.05 --scoring eap"],
  run: async (model: AnalysisModel, input, options): Promise<CircuitResult> =>
    (await import("./find-circuit.js")).findCircuit(model, input, options),
  view: circuitView,
});
