/** Steering as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { steerOptions } from "./options.js";
import type { SteerResult } from "./result.js";
import { steerView } from "./view.js";

export const steerMethod = defineMethod({
  name: "steer",
  title: "Steering",
  summary: "Steering: what adding a direction does and costs, by layer and strength",
  input: "pairs",
  options: steerOptions,
  examples: ["--task agreement --pairs 16", "--strengths=-1,0.5,1 --rule pcaDifference"],
  run: async (model: AnalysisModel, input, options): Promise<SteerResult> =>
    (await import("./steer.js")).steer(model, input, options),
  view: steerView,
});
