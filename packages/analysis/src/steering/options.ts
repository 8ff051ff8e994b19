/** What steering is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import {
  answers,
  batchSize,
  draws,
  indices,
  promptLists,
  readPosition,
} from "../shared/schemas.js";

const rule = z
  .enum(["meanDifference", "pcaDifference", "pcaCentre", "logistic"])
  .default("meanDifference")
  .describe(
    "how a direction is found; pcaDifference is repeng's, which removes the mean difference first",
  );

const layers = indices
  .optional()
  .describe("layers after which it is added, negative from the last; default all");

export const steeringVectorOptions = z.object({ rule, position: readPosition, layers, batchSize });

/** Options of `steeringVectors`. */
export type SteeringVectorOptions = z.input<typeof steeringVectorOptions> & RunControl;

export const steerOptions = z.object({
  answer: answers.describe("what steered prompts should be continued by; one for all, or one each"),
  wrongAnswer: answers.optional().describe("what they would be continued by, to compare with"),
  rule,
  layers,
  strengths: readOnly(z.array(z.number()).min(1))
    .default([0.25, 0.5, 1])
    .describe(
      "how much is added, in lengths of the residual stream there; negative for the other way",
    ),
  position: readPosition,
  prompts: promptLists
    .optional()
    .describe(
      "prompts that are steered; default the corrupted ones of pairs that the direction is not from",
    ),
  instruction: z
    .string()
    .min(1)
    .optional()
    .describe("the same asked for in words, put before the prompts, to compare with"),
  texts: promptLists.optional().describe("texts that fluency is measured on; default all prompts"),
  most: z
    .number()
    .positive()
    .default(0.5)
    .describe("nats a token that fluency may cost for a setting to be called best"),
  nulls: draws.default(2).describe("directions at random of the same length, to compare with"),
  seed: z.int().min(0).default(0).describe("of the random directions"),
  batchSize,
});

/** Options of `steer`. */
export type SteerOptions = z.input<typeof steerOptions> & RunControl;

/** The same with their defaults. */
export type AskedSteering = ParsedOptions<typeof steerOptions>;
