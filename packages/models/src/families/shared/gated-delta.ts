/** Gated delta layers in config.json and in files, as the hybrids of Qwen 3 have them. */

import { mx } from "@mlxterp/mlx";
import { z } from "zod";
import { compact, type WeightRule, type WeightTable } from "../../checkpoint/table/weight-table.js";
import type { AttentionConfig } from "../../decoder/config/config.js";
import { UnsupportedConfigError } from "../../errors.js";
import type { MixerConfig } from "../../recurrent/mixers/config.js";
import { size, withDefault } from "./config-json.js";
import { part } from "./part.js";
import { storedConvolution } from "./recurrent.js";

/** Each `full_attention_interval`-th layer attends where the file lists none. */
export const attendingLayers = part(
  () => ({
    layer_types: z.array(z.enum(["full_attention", "linear_attention"])).nullish(),
    full_attention_interval: withDefault(size, 4),
  }),
  ({ layer_types: types, full_attention_interval: interval }, layer) =>
    types ? types[layer] === "full_attention" : (layer + 1) % interval === 0,
);

/** @param heads how many heads of values there are where the file does not say */
export const gatedDelta = (heads: number) =>
  part(
    () => ({
      linear_conv_kernel_dim: withDefault(size, 4),
      linear_key_head_dim: withDefault(size, 128),
      linear_value_head_dim: withDefault(size, 128),
      linear_num_key_heads: withDefault(size, 16),
      linear_num_value_heads: withDefault(size, heads),
      rms_norm_eps: withDefault(z.number().positive(), 1e-6),
    }),
    (config): MixerConfig => ({
      kind: "gatedDelta",
      heads: config.linear_num_value_heads,
      headDim: config.linear_value_head_dim,
      groups: config.linear_num_key_heads,
      state: config.linear_key_head_dim,
      kernel: config.linear_conv_kernel_dim,
      norm: { kind: "rms", epsilon: config.rms_norm_eps, bias: false },
    }),
  );

/** Complains of heads that do not make the groups that keys have. */
export const fittingGroups = part(
  () => ({
    linear_num_key_heads: withDefault(size, 16),
    linear_num_value_heads: withDefault(size, 32),
  }),
  ({ linear_num_key_heads: groups, linear_num_value_heads: heads }) =>
    (file: string) => {
      if (heads % groups === 0) return;
      const rule = `It must be a multiple of linear_num_key_heads = ${groups}.`;
      throw new UnsupportedConfigError("linear_num_value_heads", heads, file, rule);
    },
);

/** What all files call alike. */
export const gatedDeltaNames: WeightTable["modules"] = {
  "layers.*.linear_attn.conv1d": storedConvolution,
  "layers.*.linear_attn.norm": "layers.*.mixer.norm",
  "layers.*.linear_attn.out_proj": "layers.*.mixer.outProj",
};

export const gatedDeltaParameters: WeightTable["parameters"] = {
  "layers.*.linear_attn.A_log": "layers.*.mixer.decayRate",
  "layers.*.linear_attn.dt_bias": "layers.*.mixer.stepBias",
};

/** Each head's queries above its output gate. */
export function gatedQueries({ heads, headDim }: AttentionConfig): WeightRule {
  return {
    into: ["layers.*.selfAttn.qProj", "layers.*.selfAttn.gateProj"],
    transform: (tensor) => {
      const columns = tensor.shape.slice(1);
      return tensor
        .reshape([heads, 2, headDim, ...columns])
        .split(2, 1)
        .map((rows) => compact(rows.reshape([heads * headDim, ...columns])));
    },
    storedShape: ([[rows, ...columns]]) => [2 * rows, ...columns],
  };
}

/** Queries, keys, values and gates, and in another tensor betas and decays, group by group. */
export function groupedDeltaNames(mixer: MixerConfig | undefined): WeightTable["modules"] {
  if (mixer?.kind !== "gatedDelta") return {};
  const { heads, headDim, groups, state } = mixer;
  const shared = heads / groups;
  const values = shared * headDim;
  return {
    "layers.*.linear_attn.in_proj_qkvz": {
      into: ["layers.*.mixer.inProj", "layers.*.mixer.gateProj"],
      transform: (tensor) => {
        const [rows, ...columns] = tensor.shape;
        const [q, k, v, z] = tensor
          .reshape([groups, rows / groups, ...columns])
          .split([state, 2 * state, 2 * state + values], 1)
          .map((piece) => piece.reshape([-1, ...columns]));
        return [mx.concatenate([q, k, v], 0), compact(z)];
      },
      storedShape: ([[convolved, ...columns], [gated]]) => [convolved + gated, ...columns],
    },
    "layers.*.linear_attn.in_proj_ba": {
      into: ["layers.*.mixer.betaProj", "layers.*.mixer.decayProj"],
      transform: (tensor) => {
        const columns = tensor.shape.slice(1);
        return tensor
          .reshape([groups, 2 * shared, ...columns])
          .split(2, 1)
          .map((piece) => compact(piece.reshape([heads, ...columns])));
      },
      storedShape: ([[rows, ...columns]]) => [2 * rows, ...columns],
    },
  };
}
