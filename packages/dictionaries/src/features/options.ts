/** What features of prompts are asked for. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";

export const featuresOptions = z.object({
  dictionary: z
    .string()
    .min(1)
    .default("tiny")
    .describe(
      "the folder or file of a dictionary, or of a hub (owner/name/folder); tiny is the one that ships for the model tiny",
    )
    .meta({ reads: "files", hub: "folders" }),
  site: z.string().optional().describe("where it reads, if not where its files say"),
  features: readOnly(z.array(z.int().min(0)).min(1))
    .optional()
    .describe("which features are shown; default those that are on most"),
  top: z.int().min(1).default(10).describe("how many features are shown"),
  firstToken: z
    .boolean()
    .default(false)
    .describe("whether the first token counts, which is often an outlier, for choice and quality"),
  tokensEach: z.int().min(1).default(3).describe("how many tokens each makes more and less likely"),
});

/** Options of `promptFeatures`. */
export type FeaturesOptions = z.input<typeof featuresOptions> & RunControl;

/** The same with their defaults. */
export type AskedFeatures = ParsedOptions<typeof featuresOptions>;
