/** What an MLP and a mixture of experts have in common. */
import type { Axes, Tap } from "@mlxterp/core";
import type { Linear, Module, MxArray } from "@mlxterp/mlx";
import type { Mlp } from "../mlp/mlp.js";
import type { Norm } from "../norm/norm.js";
import type { ExpertLinear } from "./expert-linear.js";
import type { Router } from "./router.js";

/** The second half of a layer: an MLP, or a mixture of experts with the same sites and some of its own. */
export interface FeedForward extends Module {
  readonly gateProj?: Linear | ExpertLinear | undefined;
  readonly upProj: Linear | ExpertLinear;
  readonly downProj: Linear | ExpertLinear;
  readonly pre: Tap<Axes, "hook_pre">;
  readonly gate?: Tap<Axes, "hook_pre_linear"> | undefined;
  readonly post: Tap<Axes, "hook_post">;
  readonly postNorm?: Norm | undefined;
  /** In mixtures of experts only. */
  readonly router?: Router | undefined;
  readonly expertIndices?: Tap | undefined;
  readonly expertWeights?: Tap | undefined;
  readonly sharedExpert?: Mlp | undefined;
  /** In mixtures whose experts have norms of their own. */
  readonly expertsNorm?: Norm | undefined;
  readonly routerNorm?: Norm | undefined;
  /** @param stream what those read, (batch, position, hidden) */
  forward(x: MxArray, stream?: MxArray): MxArray;
}
