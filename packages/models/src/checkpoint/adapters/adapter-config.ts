/** The adapter_config.json of PEFT or mlx-lm: which LoRA it describes, and every setting that would make it another method. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { createWholeMatcher, PatternSyntaxError } from "../../patterns/pattern.js";
import { readMlxConfig } from "./mlx-config.js";

export const adapterConfigFile = "adapter_config.json";
/** Of PEFT, which wrote pickles before. */
export const adapterWeightFiles = ["adapter_model.safetensors", "adapter_model.bin"] as const;
export const mlxAdapterWeightsFile = "adapters.safetensors";

const unset = (name: string) =>
  z
    .union([z.literal(false), z.null(), z.array(z.unknown()).length(0), z.strictObject({})], {
      error: `${name} is not implemented`,
    })
    .nullish();

/** Initialisations that leave the base weights as they are; others move a part of them into the adapter. */
const harmless = () => z.union([z.boolean(), z.enum(["gaussian", "eva", "orthogonal"])]);

/** Made when an adapter is read, which most programs never do. */
const createSchema = () =>
  z.object({
    peft_type: z.literal("LORA"),
    base_model_name_or_path: z.unknown().optional(),
    r: z.int().positive(),
    lora_alpha: z.number(),
    use_rslora: z.boolean().nullish(),
    /** Ranks need no reading: the factors have them. */
    rank_pattern: z.record(z.string(), z.int()).nullish(),
    alpha_pattern: z.record(z.string(), z.number()).nullish(),
    init_lora_weights: harmless().nullish(),
    /** Biases and whole modules that were trained are in the file beside the factors, and take the place of the base's. */
    bias: z.enum(["none", "all", "lora_only"]).nullish(),
    modules_to_save: z.array(z.string()).nullish(),
    use_dora: z.boolean().nullish(),
    use_qalora: unset("QALoRA"),
    alora_invocation_tokens: unset("activated LoRA"),
    lora_bias: unset("a bias of the adapter"),
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
  readonly layout: "peft" | "mlx";
  /** The model it was trained for, where it says so. */
  readonly base: string | undefined;
  /** @returns what the product of the factors is multiplied with, for a module by its path in the base model */
  scaleOf(module: string, rank: number): number;
  /** Whether every changed module has lengths of its rows (DoRA). */
  readonly lengths?: boolean;
  /** Ends of the paths of modules that are in the file as a whole. */
  readonly wholes?: readonly string[];
}

/**
 * Reads an adapter_config.json. Source: Hu et al. 2021, "LoRA", section 4.1, scale α / r; Kalajdzievski 2023,
 * "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", α / √r.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first setting that is not implemented
 */
export function readAdapterConfig(json: unknown, file: string): AdapterConfig {
  const mlx = readMlxConfig(json, file);
  if (mlx) return mlx;
  const parsed = createSchema().safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    const value = path.reduce<unknown>(
      (inner, key) => (inner as Record<PropertyKey, unknown> | null | undefined)?.[key],
      json,
    );
    throw new UnsupportedConfigError(path.join(".") || "the file", value, file, `${message}.`);
  }
  const { lora_alpha, use_rslora, alpha_pattern, base_model_name_or_path: base } = parsed.data;
  const { use_dora, modules_to_save } = parsed.data;
  const alphas = Object.entries(alpha_pattern ?? {}).map(
    ([pattern, alpha]) => [matcherOf(pattern, file), alpha] as const,
  );
  return {
    layout: "peft",
    base: typeof base === "string" ? base.slice(0, 200) : undefined,
    scaleOf: (module, rank) => {
      const alpha = alphas.find(([matches]) => matches(module))?.[1] ?? lora_alpha;
      return alpha / (use_rslora ? Math.sqrt(rank) : rank);
    },
    lengths: use_dora ?? false,
    wholes: modules_to_save ?? [],
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
