/** What causal tracing is asked. */
import type { ParsedOptions, RunControl } from "@mlxterp/results";
import { readOnly } from "@mlxterp/results";
import { z } from "zod";
import { answers, anyMetric, indices, wordOrWords } from "../shared/schemas.js";

export const tracedKinds = ["residual", "mlp", "attention", "mixer"] as const;

const span = z.union([z.string().min(1), readOnly(z.tuple([z.int().min(0), z.int().min(1)]))]);

export const tracingOptions = z
  .object({
    subject: z
      .union([span, readOnly(z.array(span).min(1))])
      .describe("words that occur once, or [from, to] of tokens, which are made unreadable; one for all prompts, or one each"), // biome-ignore format: one sentence
    answer: answers
      .optional()
      .describe("what is looked for; one for all prompts, or one each; default what the model itself says"), // biome-ignore format: one sentence
    wrongAnswer: answers.optional().describe("what it is compared with, for metrics that compare"),
    kinds: wordOrWords(tracedKinds)
      .default(["residual", "mlp", "attention"])
      .describe(
        "what is restored: the residual stream before a layer, what MLPs, attention or mixers add",
      ),
    window: z
      .int()
      .min(1)
      .default(10)
      .describe("layers around each whose MLPs or attention are restored together; streams by themselves"), // biome-ignore format: one sentence
    severed: z
      .enum(["none", "mlp", "attention"])
      .default("none")
      .describe("what is held as without the subject, at the restored token, from the restored layer on"), // biome-ignore format: one sentence
    noise: z
      .number()
      .positive()
      .default(3)
      .describe("standard deviations of the subjects' embeddings that the noise has"),
    deviation: z
      .number()
      .positive()
      .optional()
      .describe("the noise's standard deviation itself; default noise times that of the embeddings of all subjects"), // biome-ignore format: one sentence
    samples: z.int().min(1).max(100).default(10).describe("draws of the noise, over which scores are averaged"), // biome-ignore format: one sentence
    seed: z.int().min(0).default(0).describe("of the noise"),
    metric: anyMetric.describe("what runs are judged by; default the answer's probability"),
    layers: indices.optional().describe("layers to restore, negative from the last; default all"),
    positions: indices.optional().describe("tokens to restore, negative from the last; default all"), // biome-ignore format: one sentence
    maxRows: z.int().min(1).optional().describe("runs in one pass; default what fits 128 MiB"),
  })
  .superRefine(({ severed, kinds }, context) => {
    const others = [kinds].flat().filter((kind) => kind !== "residual");
    if (severed === "none" || others.length === 0) return;
    const message = `severed is for the kind "residual", since what is restored and what is held would be the same; kinds has ${others.join(" and ")} too. Give kinds "residual".`;
    context.addIssue({ code: "custom", path: ["severed"], message });
  });

/** Options of `causalTracing`. */
export type TracingOptions = z.input<typeof tracingOptions> & RunControl;

/** The same with their defaults. */
export type AskedTracing = ParsedOptions<typeof tracingOptions>;
