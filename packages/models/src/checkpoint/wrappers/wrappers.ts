/** Models of texts and pictures or sounds whose text part is a decoder of its own: what they are called, and what it is. */

/** Fields that a text part may leave out, as its class in `transformers` has them. */
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
};

const qwen2Vl: TextDefaults = {
  ...{ vocab_size: 152_064, hidden_size: 8192, intermediate_size: 29_568, num_hidden_layers: 80 },
  ...{ num_attention_heads: 64, num_key_value_heads: 8, rms_norm_eps: 1e-5, rope_theta: 1e6 },
};

const qwen: TextDefaults = {
  ...{ vocab_size: 151_936, hidden_size: 4096, intermediate_size: 22_016, num_hidden_layers: 32 },
  ...{ num_attention_heads: 32, num_key_value_heads: 32 },
};

/** Source: the configuration classes of `transformers` 5.18. */
export const textDefaults: Readonly<Record<string, TextDefaults>> = {
  llama: {
    ...{ vocab_size: 32_000, hidden_size: 4096, intermediate_size: 11_008, num_hidden_layers: 32 },
    ...{ num_attention_heads: 32 },
  },
  mistral: {
    ...{ vocab_size: 32_000, hidden_size: 4096, intermediate_size: 14_336, num_hidden_layers: 32 },
    ...{ num_attention_heads: 32, num_key_value_heads: 8 },
  },
  gemma3_text: {
    ...{ vocab_size: 262_208, hidden_size: 2304, intermediate_size: 9216, num_hidden_layers: 26 },
    ...{ num_attention_heads: 8, num_key_value_heads: 4, head_dim: 256 },
  },
  gemma4_text: {
    ...{ vocab_size: 262_144, hidden_size: 2304, num_hidden_layers: 30, num_attention_heads: 8 },
  },
  cohere2: {
    ...{ vocab_size: 256_000, hidden_size: 8192, intermediate_size: 22_528, num_hidden_layers: 40 },
    ...{ num_attention_heads: 64 },
  },
  qwen3_5_text: {
    ...{ vocab_size: 248_320, hidden_size: 4096, intermediate_size: 12_288, num_hidden_layers: 32 },
    ...{ num_attention_heads: 16, num_key_value_heads: 4 },
  },
  qwen3_5_moe_text: {
    ...{ vocab_size: 248_320, hidden_size: 2048, num_hidden_layers: 40 },
    ...{ num_attention_heads: 16, num_key_value_heads: 2 },
  },
  llama4_text: {
    ...{ vocab_size: 202_048, hidden_size: 5120, intermediate_size: 8192, num_hidden_layers: 48 },
    ...{ num_attention_heads: 40, num_key_value_heads: 8 },
  },
  ...{ qwen2: qwen, qwen3: qwen, qwen2_vl_text: qwen2Vl, qwen2_5_vl_text: qwen2Vl },
  qwen3_vl_text: { ...qwen, rope_theta: 500_000 },
};
