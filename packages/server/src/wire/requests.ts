/** The bodies of requests. Options of methods are checked by the methods' own schemas. */
import type { InputKind } from "@mlxterp/results";
import { z } from "zod";
import { inputSchemas, promptSchema } from "./inputs.js";

/** Interventions by site, as data; the parser of `@mlxterp/interventions` says what is wrong in them. */
const interventions = z
  .record(z.string(), z.unknown())
  .describe("interventions in their JSON form, by site or selector");

/** A method's run. */
export function methodRequestSchema<I extends InputKind, S extends z.ZodType>(
  input: I,
  options: S,
) {
  return z.strictObject({
    input: inputSchemas[input],
    options: options.optional(),
    interventions: interventions.optional(),
  });
}

export const tokensRequest = z.strictObject({ input: promptSchema });

const adapter = z.strictObject({ source: z.string().min(1), weight: z.number().optional() });

/** How a model is loaded; nothing here names a hub, a token or a cache. */
export const loadOptions = z.strictObject({
  revision: z.string().min(1).max(200).optional().describe("branch, tag or commit of a hub model"),
  dtype: z.enum(["float32", "float16", "bfloat16"]).optional(),
  quantize: z
    .strictObject({ bits: z.literal([2, 4, 8]), groupSize: z.literal([32, 64, 128]).optional() })
    .optional()
    .describe("packs the weights while they are loaded"),
  adapter: z.union([z.string().min(1), z.array(adapter).min(1).max(8)]).optional(),
});

export type WireLoadOptions = z.infer<typeof loadOptions>;

export const loadRequest = z.strictObject({
  source: z.string().min(1).max(4096).describe("tiny, a hub id, or a path below an allowed root"),
  options: loadOptions.optional(),
});

const samplingOptions = z.strictObject({
  temperature: z.number().min(0).optional().describe("0, the default, takes the likeliest token"),
  topK: z.int().min(1).optional(),
  topP: z.number().gt(0).max(1).optional(),
  minP: z.number().min(0).max(1).optional(),
  repetitionPenalty: z.number().gt(0).optional(),
  seed: z.int().min(0).optional(),
  stop: z.array(z.string().min(1).max(1000)).max(16).optional(),
  alternatives: z
    .int()
    .min(0)
    .max(50)
    .optional()
    .describe("how many likely tokens each step tells"),
  ignoreEos: z.boolean().optional(),
});

export const generateRequest = z.strictObject({
  input: promptSchema,
  maxTokens: z.int().min(1).optional().describe("default 50, at most limits.generatedTokens"),
  options: samplingOptions.optional(),
  interventions: interventions.optional(),
});

export const runRequest = z.strictObject({
  input: promptSchema,
  save: z.array(z.string().min(1)).min(1).max(256).describe("sites or selectors"),
  interventions: interventions.optional(),
});

export type TokensRequest = z.input<typeof tokensRequest>;
export type LoadRequest = z.input<typeof loadRequest>;
export type GenerateRequest = z.input<typeof generateRequest>;
export type RunRequest = z.input<typeof runRequest>;
