/** Rotation of Gemma 4: layers without a window turn a share of each head, as fast as if they turned all of it. */
import { z } from "zod";
import { part } from "../shared/part.js";
import type { Rotation } from "../shared/parts.js";
import { parametersOfOne } from "../shared/rope-by-kind.js";
import type { RopeParameters } from "../shared/rope-json.js";
import { headDim, slides } from "./layer-kinds.js";

const proportional = z.strictObject({
  rope_type: z.literal("proportional"),
  rope_theta: z.number().positive(),
  partial_rotary_factor: z.number().min(0).max(1).nullish(),
  factor: z.number().positive().nullish(),
});
type Proportional = z.output<typeof proportional>;

/** What one kind of layer has. */
const parameters = z.unknown().transform((given, context): Proportional | RopeParameters => {
  const isProportional = (given as Proportional | null | undefined)?.rope_type === "proportional";
  const parsed = (isProportional ? proportional : parametersOfOne).safeParse(given);
  if (parsed.success && parsed.data?.rope_theta) return parsed.data;
  const base = { code: "custom", message: "It needs a rope_theta", path: ["rope_theta"] };
  const issues = parsed.success ? [base] : parsed.error.issues;
  for (const issue of issues) context.issues.push({ ...issue, input: given } as never);
  return z.NEVER;
});

const bothKinds = z.strictObject({ full_attention: parameters, sliding_attention: parameters });

const published: z.output<typeof bothKinds> = {
  full_attention: { rope_type: "proportional", rope_theta: 1e6, partial_rotary_factor: 0.25 },
  sliding_attention: { rope_type: "default", rope_theta: 10_000 },
};

export const rotation = part(
  () => ({ ...slides.shape(), rope_parameters: bothKinds.nullish() }),
  (config, layer): Rotation => {
    const windowed = slides.read(config, layer);
    const kinds = config.rope_parameters ?? published;
    const own = windowed ? kinds.sliding_attention : kinds.full_attention;
    if (own.rope_type !== "proportional") return { fields: { rope_parameters: own } };
    const share = own.partial_rotary_factor ?? 1;
    const pairs = Math.floor((share * headDim.read(config, layer)) / 2);
    return {
      fields: { rope_theta: own.rope_theta },
      scaling: { kind: "proportional", factor: own.factor ?? 1, pairs },
    };
  },
);
