/** Phi 3.5 with experts (`model_type: "phimoe"`): LayerNorm, and two experts that are weighted by a sparse mixer. */
import { z } from "zod";
import type { RopeScaling } from "../../decoder/config/rope-config.js";
import { always, size, unread } from "../shared/config-json.js";
import { blockSparseModules } from "../shared/experts.js";
import { likeLlama } from "../shared/like-llama.js";
import { layerNorm } from "../shared/norms.js";
import { count, field, flag, part, together } from "../shared/part.js";
import { slidingWindow } from "../shared/windows.js";

const longest = count("max_position_embeddings", 131_072);
const positive = z.number().positive();
const divisors = z.array(positive);

/** Grows by one of two factors of its own; `transformers` divides frequencies by the short ones at any length. */
const longrope = z.strictObject({
  type: always("longrope"),
  rope_type: always("longrope"),
  rope_theta: positive.nullish(),
  original_max_position_embeddings: size.nullish(),
  short_factor: divisors,
  long_factor: divisors,
  short_mscale: positive,
  long_mscale: positive,
});
const plain = z.strictObject({
  type: always("default"),
  rope_type: always("default"),
  rope_theta: positive.nullish(),
});
const parameters = z.union([longrope, plain]).nullish();

const rotationFields = {
  rope_theta: positive.nullish(),
  rope_scaling: parameters,
  rope_parameters: parameters,
  original_max_position_embeddings: size.nullish(),
};

function scalingOf(given: z.output<typeof longrope>, original: number): RopeScaling {
  const { short_factor: factors, short_mscale, long_mscale } = given;
  return {
    ...{ kind: "longrope", shortFactors: factors, longFactors: factors },
    originalMaxPositions: original,
    attentionFactor: short_mscale,
    longAttentionFactor: long_mscale,
  };
}

export const phimoe = likeLlama("phimoe", {
  fields: () => ({ input_jitter_noise: unread }),
  longest,
  norm: layerNorm("rms_norm_eps"),
  rope: part(
    () => rotationFields,
    (config) => {
      const given = config.rope_scaling ?? config.rope_parameters;
      const fields = { rope_theta: given?.rope_theta ?? config.rope_theta ?? 1e6 };
      if (!given || !("short_mscale" in given)) return { fields };
      const { original_max_position_embeddings: inner } = given;
      const original = config.original_max_position_embeddings ?? inner ?? longest.read(config, 0);
      return { fields, scaling: scalingOf(given, original) };
    },
  ),
  window: slidingWindow(null),
  experts: together({
    count: count("num_local_experts", 16),
    topK: field("num_experts_per_tok", () => z.literal(2).default(2)),
    scoring: "sparseMixer" as const,
    closeness: field("router_jitter_noise", () => z.number().nonnegative().default(0.01)),
    normalized: false,
  }),
  headBias: flag("lm_head_bias", false),
  names: blockSparseModules,
});
