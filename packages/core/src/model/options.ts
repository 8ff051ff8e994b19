/** What models and passes are told. */

import {
  checkFunction,
  checkList,
  checkRecord,
  checkText,
  checkWholeNumber,
  type OptionNames,
} from "@mlxterp/mlx";
import type { Anatomy } from "../anatomy/anatomy.js";
import type { Axes } from "../axes.js";
import type { NamedEdit } from "../edits/edit.js";
import { checkInterventions, type Interventions } from "../pass/intervention.js";
import { checkSelectors, type Selector } from "../sites/selector.js";
import { type CaptureOptions, captureRules } from "../storage/capture.js";
import { type RoomOptions, roomRules } from "../storage/compute.js";
import type { TokenBatch, Tokenizer } from "../tokens/tokens.js";

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

/** What changes a pass: a memory of earlier tokens holds only under the same. */
export interface PassChanges {
  /** Of the model's view. */
  readonly edits: readonly NamedEdit[];
  /** Of the call. */
  readonly interventions: Interventions | undefined;
}

/** See `InterpretableOptions.forwardArguments`. */
export type ForwardArguments = (
  tokens: TokenBatch,
  given: readonly unknown[],
  changes: PassChanges,
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

/** What its values must be. */
export const passRules: OptionNames<PassOptions> = {
  interventions: checkInterventions,
  args: checkList,
  offset: checkWholeNumber,
  step: checkWholeNumber,
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
}
