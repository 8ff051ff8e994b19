/** The description of rotary positions, as plain data. */
import { z } from "zod";

const size = z.int().positive();
const factor = z.number().positive();

/** How the rotation frequencies of a checkpoint differ from the plain `base^(-2i / dims)`. */
const scaling = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("linear"), factor }),
  /** Only the first pairs turn, as fast as if all did: `dims` is the whole head. */
  z.strictObject({ kind: z.literal("proportional"), factor, pairs: z.int().nonnegative() }),
  /** The base grows with the sequence, once it is longer than the original maximum. */
  z.strictObject({ kind: z.literal("dynamic"), factor, originalMaxPositions: size }),
  z.strictObject({
    kind: z.literal("llama3"),
    factor,
    lowFrequencyFactor: factor,
    highFrequencyFactor: factor,
    originalMaxPositions: size,
  }),
  z.strictObject({
    kind: z.literal("yarn"),
    factor,
    /** Waves with more turns in the original context than `betaFast` stay, those with fewer than `betaSlow` are divided. */
    betaFast: factor,
    betaSlow: factor,
    /** Whether the range between them is widened to whole pairs. */
    truncate: z.boolean(),
    originalMaxPositions: size,
    /** Multiplies rotated queries and keys. */
    attentionFactor: factor,
  }),
  z.strictObject({
    kind: z.literal("longrope"),
    /** One divisor per pair, for sequences up to the original maximum and beyond it. */
    shortFactors: z.array(factor),
    longFactors: z.array(factor),
    originalMaxPositions: size,
    attentionFactor: factor,
    /** In its place beyond the original maximum. */
    longAttentionFactor: factor.optional(),
  }),
]);

export const ropeSchema = z.strictObject({
  /** How many of the head's dimensions turn; the rest pass unchanged. */
  dims: size,
  base: z.number().positive(),
  /** Whether neighbours (2i, 2i + 1) form a pair; otherwise i and i + dims / 2 do. */
  interleaved: z.boolean(),
  scaling: scaling.optional(),
});

export type RopeScaling = z.infer<typeof scaling>;
export type RopeConfig = z.infer<typeof ropeSchema>;
