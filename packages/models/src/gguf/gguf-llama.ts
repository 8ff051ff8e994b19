/** Llama in GGUF: its metadata as a config.json, and the names of its tensors. */
import type { MxArray } from "@mlxterp/mlx";
import { UnsupportedConfigError } from "../errors.js";
import type { WeightRule, WeightTable } from "../families/weight-table.js";
import type { GgufHeader } from "./gguf-header.js";

/** Metadata that would make it another computation, and the value that changes nothing. */
const neutral: Readonly<Record<string, number | string>> = {
  "llama.expert_count": 0,
  "llama.attention.sliding_window": 0,
  "llama.attention.max_alibi_bias": 0,
  "llama.logit_scale": 1,
  "llama.residual_scale": 1,
  "llama.embedding_scale": 1,
};

/**
 * Writes the metadata as Hugging Face would.
 *
 * @throws UnsupportedConfigError (`UNSUPPORTED_CONFIG`) naming the first key that is not implemented, or missing
 */
export function ggufConfig({ metadata, tensors }: GgufHeader, file: string): object {
  const architecture = metadata.get("general.architecture");
  if (architecture !== "llama") {
    const rule = "Supported: llama. Convert other models to safetensors.";
    throw new UnsupportedConfigError("general.architecture", architecture, file, rule);
  }
  for (const [key, value] of Object.entries(neutral)) {
    const found = metadata.get(key) ?? value;
    if (found !== value) throw new UnsupportedConfigError(key, found, file, "Not implemented.");
  }
  const shapes = new Map(tensors.map(({ name, shape }) => [name, shape]));
  const value = (key: string) => metadata.get(`llama.${key}`);
  return {
    model_type: "llama",
    vocab_size: shapes.get("token_embd.weight")?.[0],
    hidden_size: value("embedding_length"),
    intermediate_size: value("feed_forward_length"),
    num_hidden_layers: value("block_count"),
    num_attention_heads: value("attention.head_count"),
    num_key_value_heads: value("attention.head_count_kv"),
    head_dim: value("attention.key_length"),
    max_position_embeddings: value("context_length"),
    rms_norm_eps: value("attention.layer_norm_rms_epsilon"),
    rope_theta: value("rope.freq_base"),
    rope_scaling: ropeScaling(metadata, file),
    attention_bias: shapes.has("blk.0.attn_q.bias"),
    tie_word_embeddings: !shapes.has("output.weight"),
    eos_token_id: metadata.get("tokenizer.ggml.eos_token_id"),
  };
}

function ropeScaling(metadata: GgufHeader["metadata"], file: string): object | undefined {
  const type = metadata.get("llama.rope.scaling.type") ?? "none";
  if (type === "none") return undefined;
  const factor = metadata.get("llama.rope.scaling.factor");
  if (type === "linear") return { rope_type: "linear", factor };
  const rule = "Supported: none, linear.";
  throw new UnsupportedConfigError("llama.rope.scaling.type", type, file, rule);
}

/** @param json from `ggufConfig`, checked by the family */
export function ggufTable(json: object): WeightTable {
  const { num_attention_heads: heads, num_key_value_heads: kvHeads = heads } = json as {
    readonly num_attention_heads: number;
    readonly num_key_value_heads?: number;
  };
  return {
    optionalPrefix: "",
    modules: {
      token_embd: "embedTokens",
      "blk.*.attn_norm": "layers.*.inputNorm",
      "blk.*.attn_q": paired("layers.*.selfAttn.qProj", heads),
      "blk.*.attn_k": paired("layers.*.selfAttn.kProj", kvHeads),
      "blk.*.attn_v": "layers.*.selfAttn.vProj",
      "blk.*.attn_output": "layers.*.selfAttn.oProj",
      "blk.*.ffn_norm": "layers.*.postAttentionNorm",
      "blk.*.ffn_gate": "layers.*.mlp.gateProj",
      "blk.*.ffn_up": "layers.*.mlp.upProj",
      "blk.*.ffn_down": "layers.*.mlp.downProj",
      output_norm: "finalNorm",
      output: "lmHead",
    },
    ignored: [],
  };
}

/** GGUF has the rows of a head as pairs that turn together; here, as at Hugging Face, a pair is half a head apart. */
function paired(into: string, heads: number): WeightRule {
  return {
    into: [into],
    transform: (tensor: MxArray) => {
      const { shape } = tensor;
      const pairs = tensor.reshape([heads, shape[0] / heads / 2, 2, -1]);
      return [pairs.swapaxes(1, 2).reshape(shape)];
    },
  };
}
