/** What a pass may be told. */
import { checkList, checkWholeNumber, type OptionNames } from "@mlxterp/mlx";
import type { ChangesOn } from "../typed-sites/checked.js";
import { checkInterventions, type Interventions } from "./intervention.js";

export interface PassOptions {
  /** By site or selector; applied in this order. */
  readonly interventions?: Interventions;
  /** Further arguments of the module's forward, after the input. */
  readonly args?: readonly unknown[];
  /** The absolute position of the first token, when a cache holds earlier ones. */
  readonly offset?: number;
  /** The generation step that interventions are told. */
  readonly step?: number;
}

/** What its values must be. */
export const passRules: OptionNames<PassOptions> = {
  interventions: checkInterventions,
  args: checkList,
  offset: checkWholeNumber,
  step: checkWholeNumber,
};

/** Interventions whose sites are checked, and proposed by an editor; the type of an option `interventions`. */
export type InterventionsOn<M, I extends Interventions> = ChangesOn<M, I, Interventions[string]>;

/** The options of a pass, with interventions on sites of M. */
export type PassOptionsOn<M, I extends Interventions> = PassOptions & {
  readonly interventions?: InterventionsOn<M, I>;
};
