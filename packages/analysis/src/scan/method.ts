/** A scan as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { scanOptions } from "./options.js";
import type { ScanResult } from "./result.js";
import { scanView } from "./view.js";

export const scan = defineMethod({
  name: "scan",
  title: "Scan",
  summary: "Scan: a first look at how a task is done, as ranked findings beside chance",
  input: "pairs",
  options: scanOptions,
  examples: ["--task ioi", "--task ioi --seconds 20 --top 4"],
  run: async (model: AnalysisModel, input, options): Promise<ScanResult> =>
    (await import("./scan.js")).scan(model, input, options),
  view: scanView,
});
