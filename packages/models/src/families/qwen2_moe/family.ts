/** Qwen 2 with experts (`model_type: "qwen2_moe"`): biases on queries, keys and values, and a shared expert with a gate. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import { size, withDefault } from "../shared/config-json.js";
import { sharedExpertModules } from "../shared/deepseek-mixture.js";
import { expertModules, stackedParameters } from "../shared/experts.js";
import { likeLlama } from "../shared/like-llama.js";
import { gatedNames } from "../shared/names.js";
import { count, field, flag, part, together, when } from "../shared/part.js";
import { sparseLayers } from "../shared/sparse-layers.js";
import { layerTypes } from "../shared/windows.js";
import { qwen2MoeGguf } from "./gguf.js";

const windowFields = {
  use_sliding_window: withDefault(z.boolean(), false),
  sliding_window: z.int().nonnegative().nullable().default(4096),
  max_window_layers: withDefault(z.int().nonnegative(), 28),
  layer_types: layerTypes,
};

/** In every other layer below `max_window_layers`, where the file lists none. */
const window = part(
  () => windowFields,
  (config, layer) => {
    const below = layer % 2 === 0 && layer < config.max_window_layers;
    const slides = config.layer_types ? config.layer_types[layer] === "sliding_attention" : below;
    return config.use_sliding_window && slides ? config.sliding_window || undefined : undefined;
  },
);

/** Layers that slide without a window to do so would see nothing. */
const refuseBlindLayers =
  ({
    use_sliding_window: used,
    layer_types: types,
  }: {
    readonly use_sliding_window: boolean;
    readonly layer_types?: readonly string[] | null;
  }) =>
  (file: string) => {
    if (used || !types?.includes("sliding_attention")) return;
    throw new UnsupportedConfigError(
      "layer_types",
      types,
      file,
      "It contradicts use_sliding_window = false.",
    );
  };

export const qwen2Moe = likeLlama("qwen2_moe", {
  gguf: qwen2MoeGguf,
  check: part(() => windowFields, refuseBlindLayers),
  longest: count("max_position_embeddings", 32_768),
  attentionBias: false,
  qkvBias: flag("qkv_bias", true),
  window,
  mlpWidth: when(
    sparseLayers,
    count("moe_intermediate_size", 1408),
    field("intermediate_size", () => size),
  ),
  experts: when(
    sparseLayers,
    together({
      count: count("num_experts", 60),
      topK: count("num_experts_per_tok", 4),
      scoring: "softmax" as const,
      normalized: flag("norm_topk_prob", false),
      sharedHidden: count("shared_expert_intermediate_size", 5632),
      sharedGate: true,
    }),
  ),
  names: {
    ...gatedNames,
    ...expertModules,
    ...sharedExpertModules("shared_expert"),
    "layers.*.mlp.shared_expert_gate": "layers.*.mlp.sharedGate",
  },
  parameters: stackedParameters,
});
