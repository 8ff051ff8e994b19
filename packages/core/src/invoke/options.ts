/** What invocations, and the forward they share, may be told. */

import { checkList, type OptionNames } from "@mlxterp/mlx";
import { checkInterventions, type Interventions } from "../pass/intervention.js";
import type { InterventionsOn } from "../pass/options.js";

/** What an invocation may ask for. */
export interface InvokeOptions {
  /** By site or selector; applied to this invocation's rows only, in this order. */
  readonly interventions?: Interventions;
}

/** The options of an invocation, with interventions on sites of M. */
export type InvokeOptionsOn<M, I extends Interventions> = InvokeOptions & {
  readonly interventions?: InterventionsOn<M, I>;
};

/** What the forward of all prompts may be told. */
export interface SharedForwardOptions {
  /** Further arguments of the module's forward, after the input. */
  readonly args?: readonly unknown[];
}

/** What their values must be. */
export const invokeRules: OptionNames<InvokeOptions> = { interventions: checkInterventions };
export const sharedForwardRules: OptionNames<SharedForwardOptions> = { args: checkList };
