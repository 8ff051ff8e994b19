/** A training as data: everything that decides what comes out, with its defaults. */
import { z } from "zod";

export const architectures = [
  ...["standard", "gated", "topK", "batchTopK", "jumpRelu", "matryoshka", "pAnneal", "groupMax"],
] as ["standard", "gated", "topK", "batchTopK", "jumpRelu", "matryoshka", "pAnneal", "groupMax"];

/** What libraries differ in, where one name stands for several losses. */
export const trainingConfig = z.object({
  architecture: z.enum(architectures).describe("how features are chosen, and what keeps them few"),
  kind: z
    .enum(["autoencoder", "transcoder"])
    .default("autoencoder")
    .describe("whether it gives back what it reads, or predicts something else"),
  recipe: z
    .enum(["saelens", "dictionaryLearning", "sparsify"])
    .default("saelens")
    .describe(
      "whose losses, where libraries give one name to different ones; sparsify has topK and groupMax alone",
    ),
  features: z.int().min(1).describe("how many features; across layers, of each layer"),
  k: z
    .int()
    .min(1)
    .default(32)
    .describe(
      "of topK, batchTopK, matryoshka and groupMax: how many are on; across layers, of all together",
    ),
  widths: z
    .array(z.int().min(1))
    .optional()
    .describe("of matryoshka: how many features each inner dictionary has, growing"),
  sparsity: z
    .number()
    .min(0)
    .optional()
    .describe("what features cost; by default 5 for standard, 1 for gated and jumpRelu"),
  sparsityWarmup: z.int().min(0).default(0).describe("steps in which that cost grows from nothing"),
  sparsityByNorm: z
    .boolean()
    .optional()
    .describe(
      "whether a feature costs by the norm of its decoder row; by default where that is free",
    ),
  power: z
    .number()
    .min(0.1)
    .default(1)
    .describe("of standard: the power of features in their cost"),
  finalPower: z.number().min(0.05).default(0.2).describe("of pAnneal: the power that it sinks to"),
  threshold: z.number().min(0).optional().describe("of jumpRelu: the first threshold"),
  bandwidth: z.number().positive().optional().describe("of jumpRelu: how near counts as at it"),
  cost: z
    .enum(["step", "tanh"])
    .default("step")
    .describe("of jumpRelu: the number of features, or a smooth one of their sizes"),
  tanhScale: z.number().positive().default(4).describe("of tanh: how steep"),
  reviveByThreshold: z
    .number()
    .min(0)
    .default(0)
    .describe("of jumpRelu: what dead features cost for how far they are below their threshold"),
  targetCount: z
    .number()
    .positive()
    .default(20)
    .describe("of jumpRelu by dictionaryLearning: how many features shall be on"),
  auxiliary: z
    .number()
    .min(0)
    .optional()
    .describe("of the topK family: how much dead features learn from what is left over"),
  moreShare: z
    .number()
    .min(0)
    .default(0)
    .describe("of sparsify: how much the loss of four times as many features counts; there 1/8"),
  deadAfter: z
    .int()
    .min(1)
    .default(1000)
    .describe("steps without being on until a feature is dead"),
  resampleEvery: z
    .int()
    .min(0)
    .default(0)
    .describe("steps until dead features are made anew from badly explained rows; 0 never"),
  thresholdRate: z.number().min(0).max(1).optional().describe("how fast the one threshold follows"),
  thresholdStart: z.int().min(0).optional().describe("the step from which it does"),
  scaleByDecoderNorm: z
    .boolean()
    .optional()
    .describe("of the topK family: whether features are measured by what they write"),
  decoder: z
    .enum(["free", "unitNorm"])
    .optional()
    .describe("whether decoder rows are kept at norm 1, without gradient along them"),
  decoderNorm: z.number().positive().optional().describe("the norm of decoder rows at the start"),
  subtractDecoderBias: z
    .boolean()
    .optional()
    .describe("whether the bias is taken off before encoding"),
  skip: z.boolean().default(false).describe("of transcoders: a linear path round the features"),
  sources: z.int().min(1).default(1).describe("of crosscoders: layers or models read together"),
  layers: z
    .int()
    .min(1)
    .default(1)
    .describe("of transcoders across layers: how many layers stand side by side in rows"),
  reconstruction: z
    .enum(["squared", "norm"])
    .default("squared")
    .describe("of crosscoders: the error squared, or its norm"),
  normalize: z
    .enum(["none", "average"])
    .default("average")
    .describe("activations as they are, or scaled to a mean norm of the root of their width"),
  learningRate: z.number().positive().default(3e-4).describe("at its highest"),
  warmup: z.int().min(0).default(0).describe("steps in which it grows from nothing"),
  decay: z.int().min(0).default(0).describe("last steps, in which it sinks to nothing"),
  betas: z
    .tuple([z.number().min(0).max(0.9999), z.number().min(0).max(0.99999)])
    .optional()
    .describe("of Adam: how long gradients and their squares are remembered"),
  epsilon: z.number().positive().default(1e-8).describe("of Adam"),
  clip: z.number().positive().nullable().optional().describe("the longest gradient; null for none"),
  steps: z.int().min(1).describe("how many"),
  batchSize: z.int().min(1).default(1024).describe("rows of each step"),
  seed: z.int().default(0).describe("of the first weights and of what is drawn"),
});

/** What is given. */
export type TrainingConfig = z.input<typeof trainingConfig>;

type Parsed = z.output<typeof trainingConfig>;

/** Nothing left open. */
export type ResolvedConfig = {
  readonly [K in keyof Parsed]-?: K extends "widths"
    ? readonly number[]
    : Exclude<Parsed[K], undefined>;
};

const costs = { standard: 5, gated: 1, jumpRelu: 1, pAnneal: 0.1 } as Record<string, number>;

/** Fills in what depends on the recipe and the architecture. */
export function resolveConfig(config: Parsed): ResolvedConfig {
  const saelens = config.recipe === "saelens";
  const sparsify = config.recipe === "sparsify";
  const { architecture, features } = config;
  const largest = ["topK", "batchTopK", "matryoshka", "groupMax"].includes(architecture);
  const standard = architecture === "standard" || architecture === "pAnneal";
  const free = config.sources > 1 || config.layers > 1;
  const unit = !saelens && !free && !(sparsify && config.kind === "transcoder");
  const decoder = config.decoder ?? (unit ? "unitNorm" : "free");
  return {
    ...config,
    widths: completeWidths(
      config.widths ?? [Math.ceil(features / 8), Math.ceil(features / 2)],
      features,
    ),
    sparsity: config.sparsity ?? costs[architecture] ?? 0,
    sparsityByNorm: config.sparsityByNorm ?? decoder === "free",
    threshold: config.threshold ?? (saelens ? 0.01 : 0.001),
    bandwidth: config.bandwidth ?? (saelens ? 0.05 : 0.001),
    auxiliary: config.auxiliary ?? (saelens ? 1 : sparsify ? 0 : 1 / 32),
    thresholdRate: config.thresholdRate ?? (saelens ? 0.01 : 0.001),
    thresholdStart: config.thresholdStart ?? (saelens ? 0 : 1000),
    scaleByDecoderNorm: config.scaleByDecoderNorm ?? (saelens && largest),
    decoder,
    decoderNorm: config.decoderNorm ?? (saelens || standard ? 0.1 : 1),
    subtractDecoderBias:
      config.subtractDecoderBias ??
      (!free && config.kind === "autoencoder" && (saelens || architecture !== "jumpRelu")),
    betas: config.betas ?? (saelens || standard || largest ? [0.9, 0.999] : [0, 0.999]),
    clip:
      config.clip === undefined && !sparsify
        ? defaultClip(saelens, largest, architecture)
        : (config.clip ?? null),
  };
}

/** dictionary_learning clips where it projects by hand, and not in its constrained optimizer. */
function defaultClip(saelens: boolean, largest: boolean, architecture: string): number | null {
  return saelens || largest || architecture === "jumpRelu" ? 1 : null;
}

function completeWidths(widths: readonly number[], features: number): readonly number[] {
  const inner = [...new Set(widths)].filter((width) => width < features).sort((a, b) => a - b);
  return [...inner, features];
}
