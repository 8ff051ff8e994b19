/** Models of texts and pictures or sounds whose text part is a decoder of its own: what they are called, and what it is. */

/** Fields that a text part may leave out, as its class in `transformers` has them where its family's has not. */
export type TextDefaults = Readonly<Record<string, number>>;

export interface Wrapper {
  /** The `model_type` of the text part where the file does not say. */
  readonly text: string;
}

/**
 * By `model_type`. Only those whose text part sees a text as a model of texts alone would: no attention to both sides (PaliGemma),
 * no layers that look at pictures (Mllama).
 */
export const wrappers: Readonly<Record<string, Wrapper>> = {
  aya_vision: { text: "cohere2" },
  cohere2_vision: { text: "cohere2" },
  deepseek_vl: { text: "llama" },
  gemma3: { text: "gemma3_text" },
  gemma3n: { text: "gemma3n_text" },
  gemma4: { text: "gemma4_text" },
  gemma4_unified: { text: "gemma4_unified_text" },
  got_ocr2: { text: "qwen2" },
  idefics3: { text: "llama" },
  internvl: { text: "qwen2" },
  llama4: { text: "llama4_text" },
  llava: { text: "llama" },
  llava_next: { text: "llama" },
  llava_next_video: { text: "llama" },
  llava_onevision: { text: "qwen2" },
  mistral3: { text: "mistral" },
  perception_lm: { text: "llama" },
  qwen2_5_vl: { text: "qwen2_5_vl_text" },
  qwen2_audio: { text: "qwen2" },
  qwen2_vl: { text: "qwen2_vl_text" },
  qwen3_5: { text: "qwen3_5_text" },
  qwen3_5_moe: { text: "qwen3_5_moe_text" },
  qwen3_vl: { text: "qwen3_vl_text" },
  smolvlm: { text: "llama" },
  video_llava: { text: "llama" },
  vipllava: { text: "llama" },
  voxtral: { text: "llama" },
};

/** Text parts under names of their own that compute as a family we have; places of pictures aside, which a text has none of. */
export const sameAs: Readonly<Record<string, string>> = {
  qwen2_vl_text: "qwen2",
  qwen2_5_vl_text: "qwen2",
  qwen3_vl_text: "qwen3",
  gemma4_unified_text: "gemma4_text",
};

const qwen2Vl: TextDefaults = {
  ...{ vocab_size: 152_064, hidden_size: 8192, intermediate_size: 29_568, num_hidden_layers: 80 },
  ...{ num_attention_heads: 64, num_key_value_heads: 8, rms_norm_eps: 1e-5, rope_theta: 1e6 },
};

/** What their classes have that those of the families do not. Source: the configuration classes of `transformers` 5.18. */
export const textDefaults: Readonly<Record<string, TextDefaults>> = {
  ...{ qwen2_vl_text: qwen2Vl, qwen2_5_vl_text: qwen2Vl },
  qwen3_vl_text: { rope_theta: 500_000 },
  gemma4_unified_text: {
    ...{ hidden_size_per_layer_input: 0, sliding_window: 1024, max_position_embeddings: 262_144 },
  },
};
