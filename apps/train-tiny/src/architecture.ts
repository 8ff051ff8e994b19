/** The shape of the model, once as the decoder's description and once as a published `config.json`. */
import type { DecoderConfig } from "@mlxterp/models";
import { bosId, eosId, padId, tokens } from "./vocabulary.js";

const hidden = 128;
const layers = 4;
const heads = 4;
const headDim = hidden / heads;
const mlpHidden = 256;
const epsilon = 1e-5;
const ropeBase = 10_000;

/** Training documents have this many tokens; longer prompts the model has never seen. */
export const maxPositions = 64;

/** Standard deviation of the initial weights. */
export const initialDeviation = 0.04;

const norm = { kind: "rms", epsilon, bias: false } as const;

/** Llama's layout: RMSNorm, rotary positions, gated MLP, no biases. */
export const decoderConfig: DecoderConfig = {
  vocab: tokens.length,
  hidden,
  maxPositions,
  learnedPositions: false,
  layers: Array.from({ length: layers }, () => ({
    inputNorm: norm,
    attention: {
      heads,
      kvHeads: heads,
      headDim,
      scale: headDim ** -0.5,
      qkvBias: false,
      outputBias: false,
      rope: { dims: headDim, base: ropeBase, interleaved: false },
    },
    postAttentionNorm: norm,
    mlp: { hidden: mlpHidden, activation: "silu", gated: true, bias: false },
  })),
  finalNorm: norm,
  head: { tied: false, bias: false },
};

/** The same as Hugging Face writes it. */
export const configJson = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: tokens.length,
  hidden_size: hidden,
  intermediate_size: mlpHidden,
  num_hidden_layers: layers,
  num_attention_heads: heads,
  num_key_value_heads: heads,
  head_dim: headDim,
  hidden_act: "silu",
  max_position_embeddings: maxPositions,
  rms_norm_eps: epsilon,
  rope_theta: ropeBase,
  attention_bias: false,
  mlp_bias: false,
  tie_word_embeddings: false,
  bos_token_id: bosId,
  eos_token_id: eosId,
  pad_token_id: padId,
  torch_dtype: "float16",
};
