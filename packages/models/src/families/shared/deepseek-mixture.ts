/** Mixtures as DeepSeek has them since V3: sigmoid routing with corrected choices, the first layers dense, shared experts. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { onByDefault, size, withDefault } from "./config-json.js";
import { expertModules, stackedParameters } from "./experts.js";
import type { Differences } from "./like-llama.js";
import { gatedNames, rotaryBuffers } from "./names.js";
import { count, factor, field, flag, part, together, when } from "./part.js";

const natural = z.int().nonnegative();

/** What families have where a file does not say. */
export interface MixtureDefaults {
  readonly dense: number;
  readonly width: number;
  readonly experts: number;
  readonly topK: number;
  readonly scale: number;
  readonly groups: readonly [count: number, chosen: number];
  readonly shared: number;
  /** Default: true. */
  readonly normalized?: boolean;
}

const moduleOf = (names: string) => `layers.*.mlp.${names}`;

/** Weight names of the expert that sees every token. */
export const sharedExpertModules = (block: string): WeightTable["modules"] => ({
  [moduleOf(`${block}.gate_proj`)]: moduleOf("sharedExpert.gateProj"),
  [moduleOf(`${block}.up_proj`)]: moduleOf("sharedExpert.upProj"),
  [moduleOf(`${block}.down_proj`)]: moduleOf("sharedExpert.downProj"),
});

/** Weight names of a mixture with dense layers and shared experts. */
export const deepseekMixtureModules: WeightTable["modules"] = {
  ...gatedNames,
  ...expertModules,
  ...sharedExpertModules("shared_experts"),
};

/** The first layers, which are dense. */
export const firstDense = (layers: number) =>
  part(
    () => ({ first_k_dense_replace: withDefault(natural, layers) }),
    (config, layer) => layer < config.first_k_dense_replace,
  );

/** The width of the expert that sees every token: several in one. */
export function sharedWidth(width: number, experts: number) {
  const own = count("moe_intermediate_size", width);
  return part(
    () => ({ ...own.shape(), n_shared_experts: withDefault(natural, experts) }),
    (config) => own.read(config, 0) * config.n_shared_experts || undefined,
  );
}

export function deepseekMixture(defaults: MixtureDefaults) {
  const dense = firstDense(defaults.dense);
  const [groups, chosen] = defaults.groups;
  return {
    mlpWidth: when(
      dense,
      field("intermediate_size", () => size),
      count("moe_intermediate_size", defaults.width),
    ),
    experts: when(
      dense,
      undefined,
      together({
        count: count("n_routed_experts", defaults.experts),
        topK: count("num_experts_per_tok", defaults.topK),
        scoring: "sigmoid" as const,
        normalized:
          defaults.normalized === false
            ? flag("norm_topk_prob", false)
            : field("norm_topk_prob", () => onByDefault),
        scale: factor("routed_scaling_factor", defaults.scale),
        groups: together({ count: count("n_group", groups), chosen: count("topk_group", chosen) }),
        correctionBias: true,
        sharedHidden: sharedWidth(defaults.width, defaults.shared),
      }),
    ),
    names: deepseekMixtureModules,
    parameters: {
      ...stackedParameters,
      "layers.*.mlp.gate.e_score_correction_bias": "layers.*.mlp.router.correction",
    },
    ignored: withoutNextTokenLayer,
  } satisfies Differences;
}

/** The layer after the last predicts one more token, and takes no part in the logits. */
const withoutNextTokenLayer = ({ layers }: DecoderConfig): readonly RegExp[] => [
  ...rotaryBuffers,
  new RegExp(`^(model\\.)?layers\\.${layers.length}\\.`),
];
