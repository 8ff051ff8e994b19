/** What integrated gradients are asked for, and what is answered. */

import {
  checkFunction,
  checkList,
  checkPositiveInteger,
  checkSignal,
  type OptionNames,
  oneOf,
} from "@mlxterp/mlx";
import type { CollectProgress } from "../collect/collect.js";
import type { GradientOptions } from "../gradients/options.js";
import { checkInterventions } from "../pass/intervention.js";
import type { PassOptions } from "../pass/options.js";
import { checkSelectors, type Selector } from "../sites/selector.js";
import type { ActivationCache } from "../storage/cache.js";
import type { Prompt } from "../tokens/tokens.js";

export interface IntegratedGradientOptions
  extends Pick<PassOptions, "interventions" | "args">,
    Pick<GradientOptions, "gradInterventions"> {
  /** Where attributions are wanted. */
  readonly save: Selector | readonly Selector[];
  /** Where the path begins: activations, or a prompt of the same shape whose activations are taken. */
  readonly baseline: Prompt | ActivationCache;
  /** Where the path ends; default: the activations of the input itself. */
  readonly clean?: ActivationCache;
  /** The sites whose values move along the path, all together; default: `save`. */
  readonly path?: Selector | readonly Selector[];
  /** How many gradients are averaged; default 16. */
  readonly steps?: number;
  /** Where on the path they are taken: in the middle of equal parts (default), or at their ends. */
  readonly rule?: "midpoint" | "trapezoid";
  /** Steps that share a pass, as rows of its batch; default 4 for tokens, 1 for other inputs. */
  readonly stepsPerPass?: number;
  readonly onProgress?: (progress: CollectProgress) => void;
  readonly signal?: AbortSignal;
}

/** What its values must be. */
export const integratedRules: OptionNames<IntegratedGradientOptions> = {
  interventions: checkInterventions,
  gradInterventions: checkInterventions,
  args: checkList,
  save: checkSelectors,
  baseline: true,
  clean: true,
  path: checkSelectors,
  steps: checkPositiveInteger,
  rule: oneOf("midpoint", "trapezoid"),
  stepsPerPass: checkPositiveInteger,
  onProgress: checkFunction,
  signal: checkSignal,
};

export interface IntegratedGradients {
  /** (clean − baseline) · mean gradient, by canonical site name, each of the shape of the site's value. */
  readonly attributions: ActivationCache;
  /** The mean gradient alone. */
  readonly gradients: ActivationCache;
  /** The sum of the attributions of all sites of the path. */
  readonly total: number;
  /** The metric at the end of the path less that at its beginning: what `total` comes to with many steps. */
  readonly difference: number;
}
