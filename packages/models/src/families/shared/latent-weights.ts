/** The projections of latent attention in checkpoints, where some share a tensor. */

import { stackedRows } from "../../checkpoint/table/fused-weights.js";
import { compact, type WeightRule, type WeightTable } from "../../checkpoint/table/weight-table.js";
import type { AttentionConfig } from "../../decoder/config/config.js";

/** Head by head the part of the keys that does not turn, and the values. */
function keysAndValues({ heads, headDim, latent }: AttentionConfig): WeightRule {
  const keyDim = headDim - (latent?.rotaryDim ?? 0);
  return {
    into: ["layers.*.selfAttn.kProj", "layers.*.selfAttn.vProj"],
    transform: (tensor) => {
      const [, rank] = tensor.shape;
      return tensor
        .reshape([heads, -1, rank])
        .split([keyDim], 1)
        .map((part) => compact(part.reshape([-1, rank])));
    },
    storedShape: ([keys, values]) => [keys[0] + values[0], keys[1]],
  };
}

/** Weight names of latent attention as DeepSeek has it. */
export function latentModules(attention: AttentionConfig): WeightTable["modules"] {
  const { keyValueRank = 0, rotaryDim = 0 } = attention.latent ?? {};
  return {
    "layers.*.self_attn.q_proj": "layers.*.selfAttn.qProj",
    "layers.*.self_attn.q_a_proj": "layers.*.selfAttn.qDownProj",
    "layers.*.self_attn.q_a_layernorm": "layers.*.selfAttn.qDownNorm",
    "layers.*.self_attn.q_b_proj": "layers.*.selfAttn.qProj",
    "layers.*.self_attn.kv_a_proj_with_mqa": stackedRows(
      ["layers.*.selfAttn.kvDownProj", "layers.*.selfAttn.kRopeProj"],
      [keyValueRank, rotaryDim],
    ),
    "layers.*.self_attn.kv_a_layernorm": "layers.*.selfAttn.kvDownNorm",
    "layers.*.self_attn.kv_b_proj": keysAndValues(attention),
    "layers.*.self_attn.o_proj": "layers.*.selfAttn.oProj",
  };
}
