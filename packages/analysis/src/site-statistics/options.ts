/** What site statistics are asked for. */
import type { RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";

/** The residual stream and everything that is written to it: of these, what a model has. */
export const mainSites = [
  ...["embedTokens", "layers.0.input", "layers.*.selfAttn", "layers.*.mixer", "layers.*.mlp"],
  "layers.*",
  ...["finalNorm", "output"],
];

export const siteStatisticsOptions = z.object({
  sites: readOnly(z.array(z.string()).min(1))
    .optional()
    .describe("which sites, such as layers.*.selfAttn.z; default the stream and what writes to it"),
});

/** Options of `siteStatistics`. */
export type SiteStatisticsOptions = z.input<typeof siteStatisticsOptions> & RunControl;
