/** What a pass may be told. */
import type { TokenBatch } from "../tokens/tokens.js";
import type { ChangesOn } from "../typed-sites/checked.js";
import type { Interventions } from "./intervention.js";

/** See `InterpretableOptions.forwardArguments`. */
export type ForwardArguments = (
  tokens: TokenBatch,
  given: readonly unknown[],
) => readonly unknown[];

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

/** Interventions whose sites are checked, and proposed by an editor; the type of an option `interventions`. */
export type InterventionsOn<M, I extends Interventions> = ChangesOn<M, I, Interventions[string]>;

/** The options of a pass, with interventions on sites of M. */
export type PassOptionsOn<M, I extends Interventions> = PassOptions & {
  readonly interventions?: InterventionsOn<M, I>;
};
