/** Llama 4, text only (`model_type: "llama4_text"`): chunks in layers that turn, temperature in those that do not, experts that read weighed inputs. */
import { z } from "zod";
import { compact, type WeightRule } from "../../checkpoint/table/weight-table.js";
import type { QueryKeyNormConfig } from "../../decoder/config/config.js";
import { size, unread, withDefault } from "../shared/config-json.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { count, field, part, together, when } from "../shared/part.js";
import { rotary } from "../shared/rope-parts.js";
import { everyLayerBut } from "../shared/windows.js";

const positive = z.number().positive();

const rotates = part(
  () => ({
    no_rope_layers: z.array(z.literal([0, 1])).nullish(),
    no_rope_layer_interval: withDefault(size, 4),
  }),
  ({ no_rope_layers: listed, no_rope_layer_interval: period }, layer) =>
    listed && listed.length > 0 ? listed[layer] === 1 : everyLayerBut(period)(layer),
);

const chunked = part(
  () => ({
    ...rotates.shape(),
    layer_types: z.array(z.enum(["full_attention", "chunked_attention"])).nullish(),
  }),
  (config, layer) =>
    config.layer_types
      ? config.layer_types[layer] === "chunked_attention"
      : rotates.read(config, layer),
);

const sparse = part(
  () => ({
    moe_layers: z.array(z.int().nonnegative()).nullish(),
    interleave_moe_layer_step: withDefault(size, 1),
  }),
  ({ moe_layers: listed, interleave_moe_layer_step: step }, layer) =>
    listed ? listed.includes(layer) : (layer + 1) % step === 0,
);

/** Heads are divided by their length once they are turned. */
const norm = part(
  () => ({
    ...rotates.shape(),
    use_qk_norm: withDefault(z.boolean(), true),
    rms_norm_eps: withDefault(positive, 1e-5),
  }),
  (config, layer): QueryKeyNormConfig | undefined => {
    if (!config.use_qk_norm || !rotates.read(config, layer)) return undefined;
    const plain = { kind: "rms", bias: false, weight: false } as const;
    return { norm: { ...plain, epsilon: config.rms_norm_eps }, over: "head", afterRotation: true };
  },
);

const temperature = part(
  () => ({
    attn_temperature_tuning: z
      .union([z.boolean(), z.int()]) // older files have a number
      .nullish()
      .transform((given) => Boolean(given ?? true)),
    attn_scale: withDefault(positive, 0.1),
    floor_scale: withDefault(size, 8192),
  }),
  ({ attn_temperature_tuning: tuned, attn_scale: scale, floor_scale: length }) =>
    tuned ? { scale, length } : undefined,
);

/** All experts in one tensor, (experts, in, out), one matrix behind the other along the last axis. */
const stacked = (into: readonly string[]): WeightRule => ({
  into,
  transform: (tensor) => tensor.split(into.length, 2).map((part) => compact(part.swapaxes(1, 2))),
  storedShape: ([[experts, out, from]]) => [experts, from, into.length * out],
});

export const llama4Text = likeLlama("llama4_text", {
  fields: () => ({ for_llm_compression: unread }),
  longest: count("max_position_embeddings", 131_072),
  norm: rmsNorm(1e-5),
  headDim: count("head_dim", 128),
  rope: when(rotates, rotary({ base: 500_000, interleaved: true })),
  chunk: when(
    chunked,
    part(
      () => ({ attention_chunk_size: size.nullable().default(8192) }),
      ({ attention_chunk_size: chunk }) => chunk ?? undefined,
    ),
  ),
  queryKeyNorm: norm,
  temperature: when(rotates, undefined, temperature),
  mlpWidth: when(
    sparse,
    field("intermediate_size", () => size),
    count("intermediate_size_mlp", 16_384),
  ),
  experts: when(
    sparse,
    together({
      count: count("num_local_experts", 16),
      topK: count("num_experts_per_tok", 1),
      scoring: "sigmoid" as const,
      normalized: false,
      weighsInputs: true,
      sharedHidden: field("intermediate_size", () => size),
    }),
  ),
  names: {
    "layers.*.feed_forward.router": "layers.*.mlp.router",
    "layers.*.feed_forward.shared_expert.gate_proj": "layers.*.mlp.sharedExpert.gateProj",
    "layers.*.feed_forward.shared_expert.up_proj": "layers.*.mlp.sharedExpert.upProj",
    "layers.*.feed_forward.shared_expert.down_proj": "layers.*.mlp.sharedExpert.downProj",
    "layers.*.feed_forward.gate_proj": "layers.*.mlp.gateProj",
    "layers.*.feed_forward.up_proj": "layers.*.mlp.upProj",
    "layers.*.feed_forward.down_proj": "layers.*.mlp.downProj",
  },
  parameters: {
    "layers.*.feed_forward.experts.gate_up_proj": stacked([
      "layers.*.mlp.gateProj.weight",
      "layers.*.mlp.upProj.weight",
    ]),
    "layers.*.feed_forward.experts.down_proj": stacked(["layers.*.mlp.downProj.weight"]),
  },
});
