/** Probes as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { probeOptions } from "./options.js";
import type { ProbeResult } from "./result.js";
import { probeView } from "./view.js";

export const probeMethod = defineMethod({
  name: "probe",
  title: "Linear probes",
  summary: "Linear probes: what can be read along a line, on prompts that were held out",
  input: "pairs",
  options: probeOptions,
  examples: ["--task agreement --pairs 40", "--task facts --positions each --rule massMean"],
  run: async (model: AnalysisModel, input, options): Promise<ProbeResult> =>
    (await import("./probe.js")).probe(model, input, options),
  view: probeView,
});
