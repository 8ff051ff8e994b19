/** What models and passes are told. */

import { checkFunction, checkRecord, checkText, type OptionNames } from "@mlxterp/mlx";
import type { Anatomy } from "../anatomy/anatomy.js";
import type { Axes } from "../axes.js";
import type { ForwardArguments } from "../edits/forward-arguments.js";
import type { Interventions } from "../pass/intervention.js";
import { type PassOptions, type PassOptionsOn, passRules } from "../pass/options.js";
import { checkSelectors, type Selector } from "../sites/selector.js";
import { type CaptureOptions, captureRules } from "../storage/capture.js";
import { type RoomOptions, roomRules } from "../storage/compute.js";
import type { Tokenizer } from "../tokens/tokens.js";
import type { SelectorOn } from "../typed-sites/checked.js";

export interface InterpretableOptions {
  readonly tokenizer?: Tokenizer;
  /** Parts of the anatomy that cannot be found by name. */
  readonly anatomy?: Partial<Anatomy>;
  /** Shown in provenance; by default the class's name. */
  readonly name?: string;
  /**
   * The arguments of the module's forward after the ids, from a batch of prompts and what the caller gave. Needed
   * where padding must be hidden by a mask. Default: what the caller gave.
   */
  readonly forwardArguments?: ForwardArguments;
}

/** What its values must be. */
export const modelRules: OptionNames<InterpretableOptions> = {
  tokenizer: checkRecord,
  anatomy: checkRecord,
  name: checkText,
  forwardArguments: checkFunction,
};

export interface RunOptions extends PassOptions, CaptureOptions, RoomOptions {
  /** What the cache shall hold; by default the output. */
  readonly save?: Selector | readonly Selector[];
}

/** What its values must be. */
export const runRules: OptionNames<RunOptions> = {
  ...{ ...passRules, ...captureRules, ...roomRules },
  save: checkSelectors,
};

/** One place that can be read and changed. */
export interface SiteInfo {
  readonly site: string;
  /** What the module's class is called. */
  readonly kind: string;
  /** The axes of the value, where the module says them. */
  readonly axes: Axes | undefined;
  /** What it holds, in one sentence, where the module says it. */
  readonly holds: string | undefined;
  /** What TransformerLens calls it: the same tensor, and the same effect when it is changed. */
  readonly otherNames: readonly string[];
}

/** The options of a run, with sites of M; S is each selector of those that are given. */
export type RunOptionsOn<M, S extends Selector, I extends Interventions> = Omit<
  RunOptions,
  "save"
> &
  PassOptionsOn<M, I> & { readonly save?: SelectorOn<M, S> | readonly SelectorOn<M, S>[] };
