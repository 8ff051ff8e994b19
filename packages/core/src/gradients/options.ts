/** What gradients are asked for, and what is answered. */

import { checkBoolean, type Module, type MxArray, type OptionNames } from "@mlxterp/mlx";
import { checkInterventions, type Intervention, type Interventions } from "../pass/intervention.js";
import type { InterventionsOn, PassOptionsOn } from "../pass/options.js";
import { type PassOptions, passRules } from "../pass/options.js";
import { checkSelectors, type Selector } from "../sites/selector.js";
import type { ActivationCache } from "../storage/cache.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { SelectorOn } from "../typed-sites/checked.js";

/** The values of the pass that a metric is computed from; lazy, and changed by interventions already. */
export interface MetricPass {
  /** The prompts of the pass; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;
  /** Whatever the forward returned. */
  readonly result: unknown;
  /**
   * The value of one site, in any accepted spelling.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`)
   */
  value(site: string): MxArray;
}

/**
 * One number from the model's output, for language models (batch, position, vocab), or from values inside.
 * For several prompts return the sum: prompts do not mix, so each gets the gradient of its own term.
 */
export type GradientMetric = (output: MxArray, pass: MetricPass) => MxArray;

/**
 * What takes the place of a gradient on its way back; the same rules as for an activation. It must be a pure
 * function, since it is called several times, also with zeros.
 */
export type GradientIntervention = Intervention;

export interface GradientOptions extends PassOptions {
  /** Where gradients are wanted. Patterns pass by integer sites and modules that are not called. */
  readonly save: Selector | readonly Selector[];
  /** Whether to keep the sites' values of the same pass as well. Default: false. */
  readonly values?: boolean;
  /** Change the gradient at these sites before it flows further back. */
  readonly gradInterventions?: Interventions;
}

/** What its values must be. */
export const gradientRules: OptionNames<GradientOptions> = {
  ...passRules,
  save: checkSelectors,
  values: checkBoolean,
  gradInterventions: checkInterventions,
};

/** A metric and its gradient at every site that was asked for. */
export interface Gradients<M = Module> {
  /** The metric. */
  readonly value: number;
  /** By canonical site name, each of the shape and dtype of the site's value. */
  readonly gradients: ActivationCache<M>;
  /** The sites' values of the same pass; empty unless asked for. */
  readonly values: ActivationCache<M>;
}

/** The options of gradients, with sites of M; G are the interventions on gradients. */
export type GradientOptionsOn<
  M,
  S extends Selector,
  I extends Interventions,
  G extends Interventions,
> = Omit<GradientOptions, "save" | "gradInterventions"> &
  PassOptionsOn<M, I> & {
    readonly save: SelectorOn<M, S> | readonly SelectorOn<M, S>[];
    readonly gradInterventions?: InterventionsOn<M, G>;
  };
