/** RecurrentGemma (`model_type: "recurrent_gemma"`): gated linear recurrences, each third layer windowed attention. */
import { z } from "zod";
import { UnsupportedConfigError } from "../../errors.js";
import type { MixerConfig } from "../../recurrent/mixers/config.js";
import { activation, size, unread, withDefault } from "../shared/config-json.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import { bound, computed, flag, nonlinearity, part, when } from "../shared/part.js";
import { evenShare } from "../shared/plain-parts.js";
import { storedConvolution } from "../shared/recurrent.js";
import { partlyRotary } from "../shared/rope-parts.js";

const kinds = ["recurrent", "recurrent", "attention"] as const;
const attends = part(
  () => ({
    block_types: withDefault(z.array(z.enum(["recurrent", "attention"])).min(1), [...kinds]),
  }),
  ({ block_types: types }, layer) => types[layer % types.length] === "attention",
);

const sizes = {
  lru_width: size.nullish(),
  conv1d_width: withDefault(size, 4),
  hidden_activation: activation.default("geluTanh"),
};

const mixer = part(
  () => sizes,
  (config): MixerConfig => ({
    kind: "gatedLinear",
    inner: config.lru_width ?? config.hidden_size,
    blocks: config.num_attention_heads,
    kernel: config.conv1d_width,
    activation: config.hidden_activation,
  }),
);

/** As a bfloat16 holds it. */
function rounded(value: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, value);
  const whole = bits.getUint32(0);
  bits.setUint32(0, ((whole + 0x7fff + ((whole >>> 16) & 1)) & 0xffff0000) >>> 0);
  return bits.getFloat32(0);
}

export const recurrentGemma = likeHybridLlama("recurrent_gemma", {
  fields: () => ({
    embeddings_scale_by_sqrt_dim: z.literal(true).nullish(),
    hidden_act: unread, // what hidden_activation says counts
    // of weights before training
    ...{ final_w_init_variance_scale: unread, w_init_variance_scale: unread },
  }),
  check: part(
    () => ({ head_dim: size.nullish(), ...sizes }),
    (config) => (file) => {
      const { head_dim: given, lru_width: width, num_attention_heads: heads } = config;
      const share = evenShare(config);
      if ((given ?? share) !== share) {
        const rule = `It contradicts hidden_size / num_attention_heads = ${share}.`;
        throw new UnsupportedConfigError("head_dim", given, file, rule);
      }
      if ((width ?? config.hidden_size) % heads === 0) return;
      const rule = `It cannot be cut into num_attention_heads = ${heads} blocks.`;
      throw new UnsupportedConfigError("lru_width", width ?? config.hidden_size, file, rule);
    },
  ),
  longest: undefined,
  maxPositions: undefined,
  embeddingScale: computed(({ hidden_size: hidden }) => rounded(Math.sqrt(hidden))),
  norm: rmsNorm(1e-6, { unitOffset: true }),
  tied: flag("tie_word_embeddings", true),
  logitCap: bound("logits_soft_cap", 30),
  headDim: computed(evenShare),
  qkvBias: flag("attention_bias", false),
  outputBias: true,
  rope: partlyRotary({ share: 0.5 }),
  window: part(
    () => ({ attention_window_size: withDefault(size, 2048) }),
    (config) => config.attention_window_size,
  ),
  // The field counts both branches.
  mlpWidth: part(
    () => ({ intermediate_size: withDefault(size, 7680) }),
    (config) => Math.floor(config.intermediate_size / 2),
  ),
  activation: nonlinearity("hidden_activation", "geluTanh"),
  mlpBias: true,
  attends,
  mixer: when(attends, undefined, mixer),
  names: {
    "layers.*.temporal_pre_norm": "layers.*.inputNorm",
    "layers.*.channel_pre_norm": "layers.*.postAttentionNorm",
    "layers.*.temporal_block.q_proj": "layers.*.selfAttn.qProj",
    "layers.*.temporal_block.k_proj": "layers.*.selfAttn.kProj",
    "layers.*.temporal_block.v_proj": "layers.*.selfAttn.vProj",
    "layers.*.temporal_block.o_proj": "layers.*.selfAttn.oProj",
    "layers.*.mlp_block.gate_proj": "layers.*.mlp.gateProj",
    "layers.*.mlp_block.up_proj": "layers.*.mlp.upProj",
    "layers.*.mlp_block.down_proj": "layers.*.mlp.downProj",
    final_norm: "finalNorm",
  },
  mixerNames: () => ({
    "layers.*.temporal_block.linear_x": "layers.*.mixer.inProj",
    "layers.*.temporal_block.linear_y": "layers.*.mixer.gateProj",
    "layers.*.temporal_block.linear_out": "layers.*.mixer.outProj",
    "layers.*.temporal_block.conv_1d": storedConvolution,
  }),
  parameters: {
    "layers.*.temporal_block.rg_lru.recurrent_param": "layers.*.mixer.decayRate",
    "layers.*.temporal_block.rg_lru.input_gate_weight": "layers.*.mixer.inputGateProj.weight",
    "layers.*.temporal_block.rg_lru.input_gate_bias": "layers.*.mixer.inputGateProj.bias",
    "layers.*.temporal_block.rg_lru.recurrent_gate_weight": "layers.*.mixer.decayGateProj.weight",
    "layers.*.temporal_block.rg_lru.recurrent_gate_bias": "layers.*.mixer.decayGateProj.bias",
  },
});
