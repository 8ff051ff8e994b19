/** Site statistics as a method: verb, route, form and page come from here. */
import { defineMethod } from "@mlxterp/results";
import type { AnalysisModel } from "../shared/model.js";
import { siteStatisticsOptions } from "./options.js";
import type { SiteStatisticsResult } from "./result.js";
import { siteStatisticsView } from "./view.js";

export const statistics = defineMethod({
  name: "statistics",
  title: "Site statistics",
  summary: "Site statistics: mean, spread, extremes and norm of every activation",
  input: "prompts",
  options: siteStatisticsOptions,
  examples: ["'John gave a ball to'", "--sites 'layers.*.selfAttn.z,output'"],
  run: async (
    model: AnalysisModel,
    prompts,
    options,
  ): Promise<SiteStatisticsResult | SiteStatisticsResult[]> =>
    (await import("./site-statistics.js")).siteStatistics(model, prompts, options),
  view: siteStatisticsView,
});
