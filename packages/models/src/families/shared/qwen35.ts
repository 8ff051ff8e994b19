/** What the two kinds of Qwen 3.5 share. */
import { z } from "zod";
import { always, size, unread } from "./config-json.js";
import {
  attendingLayers,
  fittingGroups,
  gatedDelta,
  gatedDeltaNames,
  gatedDeltaParameters,
  gatedQueries,
} from "./gated-delta.js";
import type { HybridDifferences } from "./like-llama.js";
import { rotaryBuffers } from "./names.js";
import { rmsNorm } from "./norms.js";
import { count, onlySilu, part, when } from "./part.js";
import { partialRopeFields } from "./rope-json.js";
import { shareFields } from "./rope-parts.js";

/** Which pairs turn with which axis of a picture; all axes of a text are its positions. */
const axes = { mrope_section: z.array(size).nullish(), mrope_interleaved: z.boolean().nullish() };

const textRope = z
  .looseObject(axes)
  .nullish()
  .transform((given): unknown => {
    if (!given) return given;
    const { mrope_section: _, mrope_interleaved: __, ...rest } = given;
    return rest;
  })
  .pipe(partialRopeFields.rope_parameters);

export const qwen35Parts = {
  fields: () => ({
    attn_output_gate: always(true),
    ...{ mamba_ssm_dtype: unread, mtp_num_hidden_layers: unread }, // layers that guess further tokens are left out
  }),
  longest: count("max_position_embeddings", 32_768),
  norm: rmsNorm(1e-6, { unitOffset: true }),
  rope: part(
    () => ({ ...shareFields, rope_parameters: textRope }),
    (fields) => ({
      fields,
      share: 0.25,
    }),
  ),
  headDim: count("head_dim", 256),
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
  ignored: [...rotaryBuffers, /^mtp\./],
} satisfies HybridDifferences;
