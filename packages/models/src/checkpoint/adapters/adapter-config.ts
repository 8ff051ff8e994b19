/** The adapter_config.json of PEFT: which LoRA it describes, and every setting that would make it another method. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { createWholeMatcher, PatternSyntaxError } from "../../patterns/pattern.js";

export const adapterConfigFile = "adapter_config.json";
export const adapterWeightsFile = "adapter_model.safetensors";

const unset = (name: string) =>
  z
    .union([z.literal(false), z.null(), z.array(z.unknown()).length(0), z.strictObject({})], {
      error: `${name} is not implemented`,
    })
    .nullish();

/** Initialisations that leave the base weights as they are; others move a part of them into the adapter. */
const harmless = z.union([z.boolean(), z.enum(["gaussian", "eva", "orthogonal"])]);

const schema = z.object({
  peft_type: z.literal("LORA"),
  r: z.int().positive(),
  lora_alpha: z.number(),
  use_rslora: z.boolean().nullish(),
  /** Ranks need no reading: the factors have them. */
  rank_pattern: z.record(z.string(), z.int()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
  init_lora_weights: harmless.nullish(),
  bias: z.literal("none").nullish(),
  use_dora: unset("DoRA"),
  use_qalora: unset("QALoRA"),
  alora_invocation_tokens: unset("activated LoRA"),
  lora_bias: unset("a bias of the adapter"),
  modules_to_save: unset("replacing whole modules"),
  trainable_token_indices: unset("training single tokens"),
  layer_replication: unset("layer replication"),
  target_parameters: unset("adapting bare parameters"),
  arrow_config: unset("Arrow"),
  kasa_config: unset("KaSA"),
  velora_config: unset("VeLoRA"),
  monteclora_config: unset("MonteCLoRA"),
  use_bdlora: unset("block-diagonal LoRA"),
});

/** What is needed of it. */
export interface AdapterConfig {
  /** @returns what the product of the factors is multiplied with, for a module by its path in the base model */
  scaleOf(module: string, rank: number): number;
}

/**
 * Reads an adapter_config.json. Source: Hu et al. 2021, "LoRA", section 4.1, scale α / r; Kalajdzievski 2023,
 * "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", α / √r.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first setting that is not implemented
 */
export function readAdapterConfig(json: unknown, file: string): AdapterConfig {
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    const value = path.reduce<unknown>(
      (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
      json,
    );
    throw new UnsupportedConfigError(path.join(".") || "the file", value, file, `${message}.`);
  }
  const { lora_alpha, use_rslora, alpha_pattern } = parsed.data;
  const alphas = Object.entries(alpha_pattern ?? {}).map(
    ([pattern, alpha]) => [matcherOf(pattern, file), alpha] as const,
  );
  return {
    scaleOf: (module, rank) => {
      const alpha = alphas.find(([matches]) => matches(module))?.[1] ?? lora_alpha;
      return alpha / (use_rslora ? Math.sqrt(rank) : rank);
    },
  };
}

/** Whether a module's path ends in what a pattern matches, as PEFT has it. */
function matcherOf(pattern: string, file: string): (module: string) => boolean {
  try {
    return createWholeMatcher(`(.*\\.)?(${pattern})`);
  } catch (cause) {
    if (!(cause instanceof PatternSyntaxError)) throw cause;
    const rule = `It cannot be searched for in bounded time: ${cause.message}.`;
    throw new UnsupportedConfigError("alpha_pattern", pattern, file, rule);
  }
}
