/** Gemma 4, text only (`model_type: "gemma4_text"`): wide heads without a window, shared keys, embeddings for each layer, experts beside the MLP. */
import { z } from "zod";
import type { WeightTable } from "../../checkpoint/table/weight-table.js";
import type { DecoderConfig } from "../../decoder/config/config.js";
import { UnsupportedConfigError } from "../../errors.js";
import { size, withDefault } from "../shared/config-json.js";
import { gatesAboveBranches } from "../shared/experts.js";
import { likeLlama } from "../shared/like-llama.js";
import { rmsNorm } from "../shared/norms.js";
import {
  computed,
  count,
  field,
  flag,
  nonlinearity,
  optionalBound,
  part,
  together,
  when,
} from "../shared/part.js";
import {
  fittingKinds,
  headDim,
  keysOf,
  kvHeads,
  shares,
  slides,
  valuesFromKeys,
} from "./layer-kinds.js";
import { rotation } from "./rotation.js";

const norm = rmsNorm(1e-6);
const mixes = flag("enable_moe_block", false);

const mlpWidth = part(
  () => ({
    ...shares.shape(),
    intermediate_size: withDefault(size, 9216),
    use_double_wide_mlp: withDefault(z.boolean(), false),
  }),
  ({ intermediate_size: width, use_double_wide_mlp: doubled, ...config }, layer) =>
    doubled && shares.read(config, layer) ? 2 * width : width,
);

/** Sizes that a file has where it has experts: the check complains of one that is missing there. */
const ofExperts = ["num_experts", "top_k_experts", "moe_intermediate_size"];
const ofMixture = (name: string) =>
  field(name, () => size.nullish().transform((given) => given as number));

const experts = together({
  count: ofMixture("num_experts"),
  topK: ofMixture("top_k_experts"),
  scoring: "softmax" as const,
  normalized: true,
  sharedHidden: mlpWidth,
  ownNorms: norm,
});

/** Each layer's own embedding; 0 or null is none. */
const perLayer = part(
  () => ({
    hidden_size_per_layer_input: z.int().nonnegative().nullable().default(256),
    vocab_size_per_layer_input: withDefault(size, 262_144),
  }),
  ({ hidden_size_per_layer_input: width, vocab_size_per_layer_input: vocab }) =>
    width ? { vocab, width } : undefined,
);

const check = part(
  () => ({ ...fittingKinds.shape(), ...perLayer.shape(), ...mixes.shape() }),
  (config, layer) => (file: string) => {
    fittingKinds.read(config, layer)(file);
    const missing = mixes.read(config, layer) ? ofExperts : [];
    for (const name of missing) {
      const given = Reflect.get(config, name) as unknown;
      if (given) continue;
      throw new UnsupportedConfigError(name, given, file, "enable_moe_block needs it.");
    }
    const own = perLayer.read(config, layer);
    if (!own || own.vocab >= config.vocab_size) return;
    const rule = `All tokens, of vocab_size = ${config.vocab_size}, need one.`;
    throw new UnsupportedConfigError("vocab_size_per_layer_input", own.vocab, file, rule);
  },
);

const inMixture = "layers.*.mlp.sharedExpert";

function names({ layers: [{ mlp }], perLayer: own }: DecoderConfig): WeightTable["modules"] {
  return {
    "layers.*.post_attention_layernorm": "layers.*.selfAttn.postNorm",
    "layers.*.pre_feedforward_layernorm": "layers.*.postAttentionNorm",
    "layers.*.post_feedforward_layernorm": "layers.*.mlp.postNorm",
    ...(mlp.experts && {
      "layers.*.mlp.gate_proj": `${inMixture}.gateProj`,
      "layers.*.mlp.up_proj": `${inMixture}.upProj`,
      "layers.*.mlp.down_proj": `${inMixture}.downProj`,
      "layers.*.post_feedforward_layernorm_1": `${inMixture}.postNorm`,
      "layers.*.post_feedforward_layernorm_2": "layers.*.mlp.mixedNorm",
      "layers.*.pre_feedforward_layernorm_2": "layers.*.mlp.expertsNorm",
      "layers.*.router.proj": "layers.*.mlp.router",
    }),
    ...(own && {
      embed_tokens_per_layer: "perLayer.table",
      per_layer_model_projection: "perLayer.projection",
      per_layer_projection_norm: "perLayer.norm",
      "layers.*.per_layer_input_gate": "layers.*.embeddingWrite.gateProj",
      "layers.*.per_layer_projection": "layers.*.embeddingWrite.outProj",
      "layers.*.post_per_layer_input_norm": "layers.*.embeddingWrite.postNorm",
    }),
  };
}

/** Files may hold keys and values of layers that read others. */
function ignored({ layers }: DecoderConfig): RegExp[] {
  const sharing = layers.flatMap(({ attention }, layer) => (attention.keysOf === undefined ? [] : [layer])); // biome-ignore format: one list
  if (sharing.length === 0) return [];
  return [new RegExp(`(^|\\.)layers\\.(${sharing.join("|")})\\.self_attn\\.[kv]_(proj|norm)\\.`)];
}

export const gemma4Text = likeLlama("gemma4_text", {
  fields: () => ({ use_bidirectional_attention: z.literal("vision").nullish() }), // among pictures
  longest: count("max_position_embeddings", 131_072),
  maxPositions: computed(({ max_position_embeddings: longest }) => longest),
  check,
  norm,
  tied: flag("tie_word_embeddings", true),
  embeddingScale: computed(({ hidden_size: hidden }) => Math.sqrt(hidden)),
  logitCap: optionalBound("final_logit_softcapping"),
  normedWrites: true,
  ...{ headDim, kvHeads, keysOf, valuesFromKeys },
  scale: 1,
  rope: rotation,
  window: when(slides, count("sliding_window", 512)),
  queryKeyNorm: "head",
  valueNorm: part(norm.shape, (config, layer) => ({ ...norm.read(config, layer), weight: false })),
  perLayer,
  learnedScale: true,
  mlpWidth: when(mixes, ofMixture("moe_intermediate_size"), mlpWidth),
  activation: nonlinearity("hidden_activation", "geluTanh"),
  experts: when(mixes, experts),
  names,
  parameters: {
    "layers.*.layer_scalar": "layers.*.learnedScale",
    "layers.*.router.scale": "layers.*.mlp.routerNorm.weight",
    "layers.*.router.per_expert_scale": "layers.*.mlp.router.expertScales",
    "layers.*.experts.gate_up_proj": gatesAboveBranches([
      "layers.*.mlp.gateProj.weight",
      "layers.*.mlp.upProj.weight",
    ]),
    "layers.*.experts.down_proj": "layers.*.mlp.downProj.weight",
  },
  ignored,
});
