/** Parts of config.json that many families share, and the checks of a whole one. */
import { z } from "zod";
import type { ActivationName } from "../../decoder/config/config.js";
import { UnsupportedConfigError } from "../../errors.js";

/** Hugging Face's names of nonlinearities. */
const activationsByName = {
  gelu: "gelu",
  gelu_new: "geluTanh",
  gelu_pytorch_tanh: "geluTanh",
  gelu_fast: "geluTanh",
  quick_gelu: "geluQuick",
  relu: "relu",
  relu2: "reluSquared",
  silu: "silu",
  swish: "silu",
} as const satisfies Record<string, ActivationName>;

const names = Object.keys(activationsByName) as (keyof typeof activationsByName)[];

/** A nonlinearity by its Hugging Face name. */
export const activation = z
  .enum(names)
  .transform((name): ActivationName => activationsByName[name]);

/** A field that may be absent or null, with the value it then has. */
export const withDefault = <T extends z.ZodType>(type: T, value: z.output<T>) =>
  type.nullish().transform((given) => given ?? value);

/** A switch that is on unless the file turns it off; null does, as in Python. */
export const onByDefault = z
  .boolean()
  .nullable()
  .default(true)
  .transform((given) => given ?? false);

export const size = z.int().positive();

/** Fields that change the computation in some family; where a schema does not know one, it must be unset. */
const computational = [
  "add_cross_attention",
  "alibi",
  "apply_residual_connection_post_layernorm",
  "attention_layers",
  "attention_multiplier",
  "attention_types",
  "attn_logit_softcapping",
  "clip_qkv",
  "embedding_multiplier",
  "final_logit_softcapping",
  "first_k_dense_replace",
  "kv_lora_rank",
  "layer_types",
  "logit_scale",
  "logits_scaling",
  "new_decoder_architecture",
  "no_rope_layers",
  "moe_intermediate_size",
  "n_routed_experts",
  "num_experts",
  "num_experts_per_tok",
  "num_local_experts",
  "parallel_attn",
  "partial_rotary_factor",
  "qk_layernorm",
  "quantization",
  "quantization_config",
  "query_pre_attn_scalar",
  "residual_multiplier",
  "rotary_dim",
  "rotary_pct",
  "sliding_window",
  "sliding_window_pattern",
  "swiglu_limit",
  "use_bidirectional_attention",
  "use_parallel_residual",
  "use_qk_norm",
  "use_qkv_bias",
  "use_sliding_window",
] as const;

/**
 * Checks a whole config.json against a family's schema.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first field at fault
 */
export function readConfig<T extends z.ZodObject>(
  schema: T,
  json: unknown,
  file: string,
): z.output<T> {
  const config = readFields(schema, json, file);
  for (const field of computational) {
    const value = at(json, [field]);
    if (field in schema.shape || value === undefined || value === null || value === false) continue;
    throw new UnsupportedConfigError(field, value, file, "This family does not implement it.");
  }
  requireEveryLayer(json, file);
  return config;
}

/** Lists with an entry for every layer. */
const byLayer = ["layer_types", "no_rope_layers", "attention_layers"];

function requireEveryLayer(json: unknown, file: string): void {
  const count = at(json, ["num_hidden_layers"]) ?? at(json, ["num_layers"]);
  for (const field of byLayer) {
    const value = at(json, [field]);
    if (!Array.isArray(value) || count === undefined || value.length === count) continue;
    throw new UnsupportedConfigError(field, value, file, `It needs ${count} entries, one a layer.`);
  }
}

function readFields<T extends z.ZodType>(schema: T, json: unknown, file: string): z.output<T> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const field = issue.path.join(".") || "the file";
  throw new UnsupportedConfigError(field, at(json, issue.path), file, `${issue.message}.`);
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (inner as Record<PropertyKey, unknown> | undefined | null)?.[key],
    value,
  );
}

const endTokens = z.object({ eos_token_id: z.union([z.int(), z.array(z.int())]).nullish() });

/** The ids that end a text, from a `config.json` or `generation_config.json`; none if it names none. */
export function readEndTokens(json: unknown, file: string): readonly number[] {
  const { eos_token_id: ids } = readFields(endTokens, json, file);
  return ids === undefined || ids === null ? [] : [ids].flat();
}
