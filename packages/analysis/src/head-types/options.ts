/** What head types are asked for. */
import type { RunControl } from "@mlxterp/results";
import { z } from "zod";
import { promptLists } from "../shared/schemas.js";

/** Those that need no prompts. */
export const randomOptions = z.object({
  seed: z.int().min(0).default(0).describe("of the random tokens"),
  length: z.int().optional().describe("tokens of one copy; default 50, or what fits the model"),
  sequences: z.int().min(1).default(8).describe("random sequences"),
  threshold: z.number().default(0.4).describe("least score for a head to be called of a type"),
  batchSize: z.int().min(1).default(8).describe("sequences in one pass"),
});

export const headTypeOptions = randomOptions
  .extend({
    prompts: promptLists.optional().describe("prompts of one's own in place of random tokens"),
  })
  .superRefine(({ prompts, length }, context) => {
    if (!prompts || length === undefined) return;
    const message =
      "length is of random tokens; with prompts there are none. Leave one of the two out.";
    context.addIssue({ code: "custom", path: ["length"], message });
  });

/** Options of `headTypes`. */
export type HeadTypeOptions = z.input<typeof headTypeOptions> & RunControl;
