/** Gemma 3, text only (`model_type: "gemma3_text"`): sandwich norms, normalised queries and keys, two rope bases. */
import { z } from "zod";
import { size, unread, withDefault } from "../shared/config-json.js";
import { sandwichParts } from "../shared/gemma-parts.js";
import { likeLlama } from "../shared/like-llama.js";
import { count, flag, optionalBound, part, when } from "../shared/part.js";
import { parametersByKind, ropeOfKind, scalingOfFull } from "../shared/rope-by-kind.js";
import { longestSequence } from "../shared/rope-json.js";
import { slidingWindow, windowedLayers } from "../shared/windows.js";
import { gemma3Gguf } from "./gguf.js";

const local = windowedLayers(
  part(
    () => ({ sliding_window_pattern: size.nullish() }),
    (config) => config.sliding_window_pattern ?? 6,
  ),
);

const rotationFields = {
  rope_theta: withDefault(z.number().positive(), 1_000_000),
  rope_local_base_freq: withDefault(z.number().positive(), 10_000),
  rope_scaling: scalingOfFull,
  rope_parameters: parametersByKind,
};

type RotationFields = z.output<z.ZodObject<typeof rotationFields>>;

/** Older files give two bases. */
const ropeOf = (config: RotationFields, isLocal: boolean) =>
  ropeOfKind(config, isLocal, isLocal ? config.rope_local_base_freq : config.rope_theta);

/** In embedding models, whose files count the windows of both sides together. */
const bothWays = flag("use_bidirectional_attention", false);
const halfWindow = part(
  () => ({ sliding_window: size.default(4096) }),
  ({ sliding_window: both }) => Math.floor(both / 2) + 1,
);

export const gemma3Text = likeLlama("gemma3_text", {
  gguf: gemma3Gguf,
  ...sandwichParts,
  fields: () => ({
    ...sandwichParts.fields(),
    _sliding_window_pattern: unread,
    attn_logit_softcapping: z.null().optional(), // transformers has the field and does not compute it
  }),
  longest: count("max_position_embeddings", 131_072),
  maxPositions: part(
    () => rotationFields,
    ({ max_position_embeddings: plain = 0, ...config }) =>
      longestSequence({ ...ropeOf(config, false), max_position_embeddings: plain }),
  ),
  logitCap: optionalBound("final_logit_softcapping"),
  bothWays,
  window: when(local, when(bothWays, halfWindow, slidingWindow(4096))),
  rope: part(
    () => rotationFields,
    (config, layer) => ({
      fields: ropeOf(config, local.read(config, layer)),
    }),
  ),
  queryKeyNorm: "head",
});
