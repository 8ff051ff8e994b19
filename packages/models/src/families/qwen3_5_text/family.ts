/** Qwen 3.5, text only (`model_type: "qwen3_5_text"`): gated delta layers, each fourth layer gated attention, dense MLPs. */
import { z } from "zod";
import { size } from "../shared/config-json.js";
import {
  attendingLayers,
  fittingGroups,
  gatedDelta,
  gatedDeltaNames,
  gatedDeltaParameters,
  gatedQueries,
} from "../shared/gated-delta.js";
import { likeHybridLlama } from "../shared/like-llama.js";
import { rotaryBuffers } from "../shared/names.js";
import { rmsNorm } from "../shared/norms.js";
import { count, onlySilu, part, when } from "../shared/part.js";
import { partialRopeFields } from "../shared/rope-json.js";

/** Which pairs turn with which axis of a picture; all axes of a text are its positions. */
const axes = { mrope_section: z.array(size).nullish(), mrope_interleaved: z.boolean().nullish() };

const textRope = z.preprocess((given) => {
  if (typeof given !== "object" || given === null) return given;
  z.looseObject(axes).parse(given);
  const { mrope_section: _, mrope_interleaved: __, ...rest } = given as Record<string, unknown>;
  return rest;
}, partialRopeFields.rope_parameters);

export const qwen35Text = likeHybridLlama("qwen3_5_text", {
  longest: count("max_position_embeddings", 32_768),
  norm: rmsNorm(1e-6, { unitOffset: true }),
  rope: part({ ...partialRopeFields, rope_parameters: textRope }, (fields) => ({
    fields,
    share: 0.25,
  })),
  headDim: count("head_dim", 256),
  mlpWidth: count("intermediate_size", 12_288),
  queryKeyNorm: "head",
  outputGate: true,
  activation: onlySilu,
  check: fittingGroups,
  attends: attendingLayers,
  mixer: when(attendingLayers, undefined, gatedDelta(32)),
  names: ({ layers: [{ attention }] }) => ({
    "layers.*.self_attn.q_proj": gatedQueries(attention),
  }),
  mixerNames: () => ({
    ...gatedDeltaNames,
    "layers.*.linear_attn.in_proj_qkv": "layers.*.mixer.inProj",
    "layers.*.linear_attn.in_proj_z": "layers.*.mixer.gateProj",
    "layers.*.linear_attn.in_proj_b": "layers.*.mixer.betaProj",
    "layers.*.linear_attn.in_proj_a": "layers.*.mixer.decayProj",
  }),
  parameters: gatedDeltaParameters,
  // Layers that guess further tokens.
  ignored: [...rotaryBuffers, /^mtp\./],
});
