/** Latent attention as DeepSeek has it, with the fields of its config.json. */
import { size } from "./config-json.js";
import type { Differences } from "./like-llama.js";
import { computed, count, part, shapeOf, together } from "./part.js";
import { type RopeFields, ropeParametersOf } from "./rope-json.js";

/** The part of a head that turns; the rest stays. */
export const turningDim = count("qk_rope_head_dim", 64);
const stillDim = count("qk_nope_head_dim", 128);

const headDim = part(
  () => shapeOf([stillDim, turningDim]),
  (config) => stillDim.read(config, 0) + turningDim.read(config, 0),
);

/** Yarn's growth of the attention scale, beside that of the rotated vectors. */
function scaleGrowth(fields: RopeFields): number {
  const parameters = ropeParametersOf(fields);
  if (parameters?.rope_type !== "yarn") return 1;
  const { factor: times, mscale_all_dim: weight } = parameters;
  return weight && times > 1 ? (0.1 * weight * Math.log(times) + 1) ** 2 : 1;
}

export const latentParts = {
  kvHeads: computed((config) => config.num_attention_heads),
  headDim,
  scale: computed((config) => headDim.read(config, 0) ** -0.5 * scaleGrowth(config)),
  latent: together({
    queryRank: part(
      () => ({ q_lora_rank: size.nullable().default(1536) }),
      (c) => c.q_lora_rank ?? undefined,
    ),
    keyValueRank: count("kv_lora_rank", 512),
    rotaryDim: turningDim,
    valueDim: count("v_head_dim", 128),
    norm: { kind: "rms", epsilon: 1e-6, bias: false } as const, // whatever rms_norm_eps is
  }),
} satisfies Differences;
