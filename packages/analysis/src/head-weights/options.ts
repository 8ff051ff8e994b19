/** What readings of heads' weights are asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { draws, tokenList } from "../shared/schemas.js";

export const headWeightsOptions = z.object({
  sampleTokens: z
    .int()
    .min(2)
    .default(200)
    .describe("tokens at random that copying and matching are judged by"),
  topK: z.int().min(1).default(5).describe("ranks that count as found, and tokens listed"),
  directions: readOnly(z.array(z.tuple([z.int(), z.int()])).min(1))
    .optional()
    .describe("heads whose strongest directions are read as tokens"),
  succession: tokenList
    .optional()
    .describe(
      "tokens in their order, such as days or numbers, to look for heads that write the next",
    ),
  nulls: draws.default(8).describe("heads of random weights, to compare with"),
  seed: z.int().min(0).default(0).describe("of the tokens and the random weights"),
});

/** Options of `headWeights`. */
export type HeadWeightsOptions = z.input<typeof headWeightsOptions> & RunControl;

/** The same with their defaults. */
export type AskedHeadWeights = ParsedOptions<typeof headWeightsOptions>;
