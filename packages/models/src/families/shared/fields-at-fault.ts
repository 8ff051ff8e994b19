/** Which fields of a config.json a size follows from, for messages about sizes that do not fit. */
import { InvalidDecoderConfigError, UnsupportedConfigError } from "../../errors.js";
import { classSizes } from "./class-sizes.js";

type Fields = Readonly<Record<string, unknown>>;

/** By what they are about, under every name that families have for them. */
const fieldNames = {
  vocab: ["vocab_size", "vocab_size_per_layer_input"],
  hidden: ["hidden_size", "n_embd", "n_embed", "d_model", "dim", "word_embed_proj_dim"],
  heads: ["num_attention_heads", "n_head", "n_heads", "num_heads"],
  keyHeads: ["num_key_value_heads", "num_kv_heads", "multi_query", "num_global_key_value_heads"],
  headDim: ["head_dim", "d_kv", "global_head_dim", "per_layer_config"],
  latent: ["q_lora_rank", "kv_lora_rank", "qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"],
  mlp: ["intermediate_size", "n_inner", "ffn_dim", "d_ff", "hidden_dim", "moe_intermediate_size"],
  shared: ["shared_expert_intermediate_size", "shared_intermediate_size", "n_shared_experts"],
  experts: ["num_experts", "num_local_experts", "n_routed_experts", "num_experts_per_tok"],
  positions: ["max_position_embeddings", "n_positions", "image_size", "patch_size", "num_channels"],
  turning: ["partial_rotary_factor", "rotary_pct", "rotary_dim", "rope_parameters", "rope_scaling"],
} as const;

type Concept = keyof typeof fieldNames;

const ofHeads: readonly Concept[] = ["hidden", "heads", "headDim", "latent"];

/** The first that fits the path of a parameter counts. */
const byParameter: readonly (readonly [RegExp, readonly Concept[]])[] = [
  [/\.(kProj|vProj|kNorm)\./, ["hidden", "heads", "keyHeads", "headDim", "latent"]],
  [/(selfAttn|crossAttention)\./, ofHeads],
  [/\.(router|correction)/, ["hidden", "experts"]],
  [/\.mlp\.shared/, ["hidden", "shared", "mlp"]],
  [/\.mlp\./, ["hidden", "mlp", "experts"]],
  [/(embedPositions|positions|patchProj)/i, ["hidden", "positions"]],
  [/^(\w+\.)?(embedTokens|lmHead)\.|^perLayer\./, ["vocab", "hidden"]],
];

/** By what a rule of descriptions says. */
const byRule: readonly (readonly [RegExp, readonly Concept[]])[] = [
  [/heads cannot share/, ["keyHeads", "heads"]],
  [/\.rope/, ["turning", "headDim", "hidden", "heads", "latent"]],
  [/\.latent|kvHeads/, ["latent", "keyHeads", "heads"]],
  [/experts/, ["experts"]],
];

/** What a file says of some sizes, and what its class has where it says nothing of the heads of keys. */
function saidOf(concepts: readonly Concept[], json: unknown): string[] {
  const fields = (json ?? {}) as Fields;
  const names = concepts.flatMap((concept): readonly string[] => fieldNames[concept]);
  const said = names.flatMap((name) =>
    fields[name] === undefined ? [] : [`${name} = ${JSON.stringify(fields[name])}`],
  );
  const shape = Object.fromEntries(names.map((name) => [name, true]));
  const silent = Object.entries(classSizes(fields.model_type, shape)).flatMap(([name, value]) =>
    fields[name] === undefined ? [`${name}, which it leaves out: its class has ${value}`] : [],
  );
  return [...said, ...silent];
}

/** The fields that a parameter's shape follows from; undefined where the file says none. */
export function fieldsBehind(parameter: string, json: unknown): string | undefined {
  const found = byParameter.find(([pattern]) => pattern.test(parameter));
  const said = saidOf(found?.[1] ?? ["hidden", "heads", "mlp"], json);
  return said.length > 0 ? `The file's config says so with ${said.join("; ")}.` : undefined;
}

/**
 * Makes something of a description that was read of a file.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the field, where the description breaks a rule
 */
export function blamingFields<T>(json: unknown, file: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof InvalidDecoderConfigError)) throw error;
    const { rule } = error;
    const concepts = byRule.find(([pattern]) => pattern.test(rule))?.[1] ?? [];
    const names = concepts.flatMap((concept): readonly string[] => fieldNames[concept]);
    const fields = (json ?? {}) as Fields;
    const shape = Object.fromEntries(names.map((name) => [name, true]));
    const assumed = classSizes(fields.model_type, shape);
    const isSaid = (name: string) => (fields[name] ?? assumed[name] ?? null) !== null;
    const field = names.find(isSaid);
    const said = saidOf(concepts, json).join("; ");
    const wayOut = said ? `${rule}. It follows from ${said}.` : `${rule}.`;
    throw new UnsupportedConfigError(field ?? names[0] ?? "the file", fields[field ?? ""], file, wayOut); // biome-ignore format: one call
  }
}
