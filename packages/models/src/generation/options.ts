/** What generation is asked for, and what it gives. */
import { checkInterventions, checkSelectors, type Interventions } from "@mlxterp/core";
import {
  brief,
  checkBoolean,
  checkFunction,
  checkOptions,
  checkPositiveInteger,
  checkSignal,
  checkWholeNumber,
  InvalidArgumentError,
  type OptionNames,
} from "@mlxterp/mlx";
import { checkPrefix, type PromptPrefix } from "./prefix.js";
import { checkSampling, type SamplingOptions, samplingRules } from "./sampling.js";
import type { SavedSites, StepSaveOptions } from "./save-plan.js";
import { type StepSelection, stepTest } from "./step-selection.js";

/** What one text and several in a batch have in common. */
interface CommonOptions extends SamplingOptions, StepSaveOptions {
  /** How many tokens at most. Default: 50. */
  readonly maxTokens?: number;
  /** Applied while the prompt is read and at every step; `offset` and `step` tell an intervention where it is. */
  readonly interventions?: Interventions;
  /** Strings that end the text (and are not part of it), or ids that do. */
  readonly stop?: string | number | readonly (string | number)[];
  /** Ends a text after the first step for which this holds. */
  readonly until?: (step: GenerationStep) => boolean;
  /** Goes on after the model's own end-of-text mark. Default: false. */
  readonly ignoreEos?: boolean;
  /** How many of the most likely tokens every step shall tell. Default: 0. */
  readonly alternatives?: number;
  /** Ends the loop with the signal's reason. */
  readonly signal?: AbortSignal;
  /** A text that has been read before, by `readPrefix`; every prompt is then what follows it, or nothing. */
  readonly prefix?: PromptPrefix;
}

export type GenerateOptions = CommonOptions;

export interface GenerateBatchOptions extends CommonOptions {
  /** Of the first prompt; row i is the text that prompt i alone gives with `seed + i`. Default: 0. */
  readonly seed?: number;
}

/** Why a text ended: a mark of the model, a given stop, `until`, the number asked for, or no room for more. */
export type FinishReason = "eos" | "stop" | "until" | "maxTokens" | "maxPositions";

/** A token that might have been chosen. */
export interface Alternative {
  readonly token: number;
  /** What it would have added to the text; empty without a tokenizer. */
  readonly text: string;
  /** Natural logarithm of the probability the model gave it, before penalty, temperature and cuts. */
  readonly logProbability: number;
}

/** One generated token. */
export interface GenerationStep {
  readonly token: number;
  /** The text that became certain with this token; empty without a tokenizer. */
  readonly text: string;
  /** Natural logarithm of the probability the model gave the token, before penalty, temperature and cuts. */
  readonly logProbability: number;
  /** The token's absolute position. */
  readonly position: number;
  /** In the last step only. */
  readonly finish: FinishReason | undefined;
  /** The most likely tokens, most likely first; only where asked for. */
  readonly alternatives?: readonly Alternative[];
  /**
   * By canonical site, the activations from which the token was chosen: of the whole prompt in step 0, (1, position, …),
   * then of the token before, (1, 1, …). Only in the steps asked for.
   */
  readonly saved?: SavedSites;
}

/** One step of several texts. */
export interface GenerationBatchStep {
  /** Counts from 0. */
  readonly step: number;
  /** In the order of the prompts; undefined for texts that have ended before. */
  readonly rows: readonly (GenerationStep | undefined)[];
}

/** What its values must be, as far as that can be told without a model. */
const rules: OptionNames<CommonOptions> = {
  ...samplingRules,
  maxTokens: checkPositiveInteger,
  interventions: checkInterventions,
  stop: (_, stop) => {
    for (const one of [stop].flat()) checkStop(one);
  },
  until: checkFunction,
  ignoreEos: checkBoolean,
  alternatives: checkWholeNumber,
  signal: checkSignal,
  prefix: checkPrefix,
  save: checkSelectors,
  saveSteps: (_, steps) => void stepTest(steps as StepSelection),
};

/**
 * @param of what is asked for it, such as `generate`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function checkGeneration(of: string, options: CommonOptions): void {
  checkOptions<CommonOptions>(of, options, rules);
  checkSampling(options);
  const { saveSteps, save } = options;
  if (saveSteps === undefined || save !== undefined) return;
  const rule = "it chooses the steps of `save`, which is not given.";
  throw new InvalidArgumentError("saveSteps", saveSteps, rule);
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a stop that the model has no token for */
export function checkStops({ stop }: CommonOptions, { vocab }: { readonly vocab?: number }): void {
  for (const one of [stop ?? []].flat()) checkStop(one, vocab);
}

/** A token that no text can have would never end one. */
function checkStop(stop: unknown, vocab = Number.POSITIVE_INFINITY): void {
  if (typeof stop === "string" && stop !== "") return;
  if (Number.isInteger(stop) && (stop as number) >= 0 && (stop as number) < vocab) return;
  const rule = `${brief(stop)} is neither a text nor one of the ids 0 … ${vocab - 1} of this model.`;
  throw new InvalidArgumentError("stop", stop, rule);
}
