/** Mamba 2's mixers inside of hybrids, whose fields begin with `mamba_`. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import type { Mamba2MixerConfig, MixerConfig } from "../../recurrent/mixers/config.js";
import { onByDefault, size, withDefault } from "./config-json.js";
import { type CommonConfig, type Part, part } from "./part.js";
import { groupedNorm, storedConvolution } from "./recurrent.js";
import { stepLimits } from "./step-limits.js";

const fields = {
  mamba_n_heads: withDefault(size, 128),
  mamba_d_head: z.union([size, z.literal("auto")]).nullish(),
  mamba_d_state: withDefault(size, 256),
  mamba_n_groups: withDefault(size, 1),
  mamba_d_conv: withDefault(size, 4),
  mamba_expand: withDefault(size, 2),
  mamba_conv_bias: onByDefault,
  mamba_proj_bias: withDefault(z.boolean(), false),
  time_step_limit: stepLimits,
};

/**
 * @param shape what else the family says
 * @param rest what that means, beside the sizes; `inner` where the width is not `mamba_expand · hidden_size`
 */
export function mamba2Layers<S extends z.ZodRawShape>(
  shape: S,
  rest: (
    config: CommonConfig & z.output<z.ZodObject<S>>,
  ) => Partial<Mamba2MixerConfig> & { readonly inner?: number },
): Part<MixerConfig> {
  return part(
    () => ({ ...fields, ...shape }),
    (config) => {
      const own = config as CommonConfig & z.output<z.ZodObject<typeof fields>>;
      const { mamba_n_heads: heads, mamba_d_head: given, time_step_limit: limits } = own;
      const { inner = own.mamba_expand * own.hidden_size, ...others } = rest(config as never);
      return {
        kind: "mamba2",
        heads,
        headDim: typeof given === "number" ? given : Math.floor(inner / heads),
        state: own.mamba_d_state,
        groups: own.mamba_n_groups,
        kernel: own.mamba_d_conv,
        projectionBias: own.mamba_proj_bias,
        convolutionBias: own.mamba_conv_bias,
        ...(limits && { stepLimits: limits }),
        ...others,
      };
    },
  );
}

/** Says what is wrong with a hybrid's heads and groups; undefined where they fit. */
export function misfit(mixer: MixerConfig | undefined, inner: number): string | undefined {
  if (mixer?.kind !== "mamba2") return undefined;
  const { heads, headDim, groups } = mixer;
  if (heads * headDim !== inner) return `${heads} heads of ${headDim} are not ${inner} wide.`;
  return heads % groups === 0 ? undefined : `${heads} heads cannot make ${groups} groups.`;
}

/** Under `mamba.` in each layer. */
export function mamba2Names(mixer: MixerConfig | undefined): WeightTable["modules"] {
  const groups = mixer?.kind === "mamba2" ? (mixer.normGroups ?? 1) : 1;
  return {
    "layers.*.mamba.in_proj": "layers.*.mixer.inProj",
    "layers.*.mamba.conv1d": storedConvolution,
    "layers.*.mamba.norm": groupedNorm(groups),
    "layers.*.mamba.out_proj": "layers.*.mixer.outProj",
  };
}

export const mamba2Parameters: WeightTable["parameters"] = {
  "layers.*.mamba.A_log": "layers.*.mixer.decayRate",
  "layers.*.mamba.D": "layers.*.mixer.skip",
  "layers.*.mamba.dt_bias": "layers.*.mixer.stepBias",
};
