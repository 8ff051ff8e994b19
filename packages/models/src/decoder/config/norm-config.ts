/** The description of a norm, as plain data. */
import { z } from "zod";

export const normSchema = z.strictObject({
  /** `rms` divides by the root mean square, `layer` also subtracts the mean. */
  kind: z.enum(["rms", "layer"]),
  /** Added under the root. */
  epsilon: z.number().positive(),
  /** Whether the norm adds a learned vector. */
  bias: z.boolean(),
  /** Whether the norm multiplies by a learned vector. Default: true. */
  weight: z.boolean().optional(),
  /** Whether the stored weight is the difference from 1, as in Gemma. */
  unitOffset: z.boolean().optional(),
});

export type NormConfig = z.infer<typeof normSchema>;
