/** What the server answers with. Numbers that JSON has no form for are written as `toJson` of `@mlxterp/results` does. */
import { z } from "zod";

const count = z.int().min(0);
const jsonSchema = z.record(z.string(), z.unknown()).describe("JSON Schema, draft 2020-12");

/** RFC 9457, with this library's own code. */
export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string().describe("stable, such as UNKNOWN_SITE"),
  detail: z.string(),
  field: z.string().optional().describe("the option or part of the body that is wrong"),
});

export const modelSummarySchema = z.strictObject({
  id: z.string(),
  source: z.string(),
  name: z.string(),
  family: z.string().describe("the checkpoint's model_type"),
  layers: count,
  heads: count,
  hidden: count,
  vocabulary: count,
  loaded: z.boolean(),
  chat: z.boolean().describe("whether conversations can be given"),
  notes: z.array(z.string()),
});

export const methodSummarySchema = z.strictObject({
  name: z.string(),
  title: z.string(),
  summary: z.string(),
  input: z.enum(["prompts", "pairs", "none"]),
  options: jsonSchema,
  examples: z.array(z.string()),
});

export const limitsSchema = z.strictObject({
  bodyBytes: count,
  tokens: count.describe("of all prompts of a request together, those in lists of options too"),
  generatedTokens: count,
  count: count.describe(
    "the largest whole number that an option may be, but for seeds and defaults",
  ),
  items: count.describe("of one list of options"),
  interventions: count.describe("changes of values in one pass, at all sites together"),
  seconds: z.number().describe("of the device's time, for one request"),
  resultBytes: count.describe("of one answer"),
  tensorBytes: count.describe("of all tensors that are kept"),
  tensorSeconds: z.number().describe("how long a tensor is kept"),
  waiting: count.describe("requests that may wait for the device"),
  waitingPerClient: count,
  begun: count.describe("requests that have begun and not ended: they compute in turns"),
  models: count.describe("models in memory at once"),
});

export const capabilitiesSchema = z.strictObject({
  version: z.string(),
  device: z.enum(["cpu", "gpu"]),
  methods: z.array(methodSummarySchema),
  interventions: z.array(z.strictObject({ type: z.string(), schema: jsonSchema })),
  tasks: z.array(z.string()).describe("tasks that come along"),
  models: z.array(modelSummarySchema),
  limits: limitsSchema,
});

export const modelsSchema = z.strictObject({ models: z.array(modelSummarySchema) });

export const siteSchema = z.strictObject({
  site: z.string(),
  kind: z.string(),
  axes: z.array(z.string()).nullable(),
  holds: z.string().nullable(),
  otherNames: z.array(z.string()),
});

export const sitesSchema = z.strictObject({ sites: z.array(siteSchema) });

export const tokensSchema = z.strictObject({
  tokens: z.array(
    z.strictObject({
      id: count,
      text: z.string(),
      position: count,
      unknown: z.boolean().describe("whether the vocabulary lacks this part of the text"),
    }),
  ),
});

/** One answer of a method: its result in the JSON form of `@mlxterp/results`, and how it is looked at. */
export const answeredSchema = z.strictObject({
  results: z.array(
    z.strictObject({
      result: z.looseObject({
        method: z.string(),
        asked: z.record(z.string(), z.unknown()),
        fed: z.array(z.unknown()),
        grids: z.record(z.string(), z.unknown()),
        tables: z.record(z.string(), z.unknown()),
        notes: z.array(z.strictObject({ code: z.string(), text: z.string() })),
        provenance: z.record(z.string(), z.unknown()),
      }),
      blocks: z.array(z.looseObject({ kind: z.string() })),
    }),
  ),
});

export const tokenEventSchema = z.strictObject({
  id: count,
  text: z.string().describe("what became certain with this token"),
  position: count,
  probability: z.number(),
  alternatives: z
    .array(z.strictObject({ id: count, text: z.string(), probability: z.number() }))
    .optional(),
});

export const doneEventSchema = z.strictObject({
  text: z.string(),
  stoppedBy: z.enum(["eos", "stop", "until", "maxTokens", "maxPositions"]),
});

export const generatedSchema = doneEventSchema.extend({ tokens: z.array(tokenEventSchema) });

export const progressEventSchema = z.strictObject({
  stage: z.string().describe("what is counted; `waiting` while others have the device"),
  done: z.number(),
  total: z.number(),
});

export const savedSchema = z.strictObject({
  tensors: z.array(
    z.strictObject({
      site: z.string(),
      shape: z.array(count),
      dtype: z.string(),
      href: z.string().describe("where its safetensors file is, for a while"),
    }),
  ),
});

export type ProblemJson = z.infer<typeof problemSchema>;
export type ModelSummary = z.infer<typeof modelSummarySchema>;
export type MethodSummary = z.infer<typeof methodSummarySchema>;
export type ServerLimits = z.infer<typeof limitsSchema>;
export type Capabilities = z.infer<typeof capabilitiesSchema>;
export type SiteSummary = z.infer<typeof siteSchema>;
export type TokensAnswer = z.infer<typeof tokensSchema>;
export type TokenEvent = z.infer<typeof tokenEventSchema>;
export type DoneEvent = z.infer<typeof doneEventSchema>;
export type ProgressEvent = z.infer<typeof progressEventSchema>;
export type SavedTensor = z.infer<typeof savedSchema>["tensors"][number];
