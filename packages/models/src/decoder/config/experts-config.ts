/** The description of a mixture of experts, as plain data. */
import { z } from "zod";
import { normSchema } from "./norm-config.js";

const size = z.int().positive();

export const expertsSchema = z.strictObject({
  /** How many experts there are. */
  count: size,
  /** How many each token goes to. */
  topK: size,
  /**
   * `softmax` lets experts compete for a token, `sigmoid` scores each by itself. With `sparseMixer` each chosen expert
   * competes with those not chosen before it that come close to it.
   */
  scoring: z.enum(["softmax", "sigmoid", "sparseMixer"]),
  /** How close those come: twice this share of the larger of the two logits. Only with `sparseMixer`. */
  closeness: z.number().nonnegative().optional(),
  /**
   * Whether the weights of the chosen experts are divided by their sum. With softmax that equals a softmax over the
   * chosen experts alone.
   */
  normalized: z.boolean(),
  /** Whether a token's weights multiply what experts read, in place of what they say. Default: false. */
  weighsInputs: z.boolean().optional(),
  /** Multiplies the weights. Default: 1. */
  scale: z.number().positive().optional(),
  /** Experts stand in groups; a token goes to experts of its best groups only. */
  groups: z
    .strictObject({
      count: size,
      chosen: size,
      /** How many of its best experts a group is judged by. Default: 2. */
      judgedBy: z.literal([1, 2]).optional(),
    })
    .optional(),
  /** Whether the router adds a learned vector to its logits. */
  routerBias: z.boolean().optional(),
  /** Whether a learned vector is added to the scores by which experts are chosen, but not to their weights. */
  correctionBias: z.boolean().optional(),
  /** The width of an expert that sees every token, beside the chosen ones. */
  sharedHidden: size.optional(),
  /** Whether what that expert says is multiplied by a learned share, the sigmoid of one number for each token. */
  sharedGate: z.boolean().optional(),
  /**
   * Bounds both branches of an expert: what enters the nonlinearity from above, the linear branch from both sides, to
   * which 1 is then added.
   */
  clampedAt: z.number().positive().optional(),
  /**
   * Gives the chosen experts and the router norms of their own, through which they read the residual stream, and norms what
   * those experts and the one that sees every token say before it is added up. The router then reads what is normalised
   * divided by the root of its width, and a learned number of each expert multiplies its weight. Needs `sharedHidden`.
   */
  ownNorms: normSchema.optional(),
});

export type ExpertsConfig = z.infer<typeof expertsSchema>;

/** The first rule that the fields break together. */
export function brokenExpertsRule(experts: ExpertsConfig): string | undefined {
  const { count, topK, groups, sharedGate, sharedHidden } = experts;
  if ((experts.scoring === "sparseMixer") !== (experts.closeness !== undefined)) {
    return ".closeness: belongs to scoring = sparseMixer";
  }
  if (experts.scoring === "sparseMixer" && experts.normalized) {
    return ".normalized: each expert has a share of its own with scoring = sparseMixer";
  }
  if (experts.ownNorms && (!sharedHidden || sharedGate || experts.weighsInputs)) {
    return ".ownNorms: needs sharedHidden and excludes sharedGate and weighsInputs";
  }
  if (sharedGate && !sharedHidden) return ".sharedGate: needs sharedHidden";
  if (topK > count) return `.topK: ${topK} of ${count} experts cannot be chosen`;
  if (!groups) return undefined;
  const least = groups.judgedBy ?? 2;
  if (count % groups.count !== 0 || count / groups.count < least) {
    const size = least === 2 ? "two" : "one";
    return `.groups: ${count} experts do not make ${groups.count} groups of ${size} or more`;
  }
  const reachable = (count / groups.count) * groups.chosen;
  if (groups.chosen <= groups.count && topK <= reachable) return undefined;
  return `.groups: ${groups.chosen} of ${groups.count} groups do not hold ${topK} experts to choose`;
}
