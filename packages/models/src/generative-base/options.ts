/** What every generative model is made with. */
import type { Tokenizer } from "@mlxterp/core";
import {
  checkList,
  checkOptions,
  checkPositiveInteger,
  checkRecord,
  checkText,
  InvalidArgumentError,
} from "@mlxterp/mlx";
import type { Checkpoint } from "../checkpoint/checkpoint.js";
import type { GenerationDefaults } from "../generation/defaults.js";

export interface GenerativeOptions<Config> {
  /** The description the module was made from. */
  readonly config: Config;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: the module's class. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
  /** How a checkpoint's `generation_config.json` would generate texts. Default: nothing. */
  readonly generationDefaults?: GenerationDefaults;
  /** Where the weights come from; without it the model cannot be saved. */
  readonly checkpoint?: Checkpoint;
  /** What was left out of a checkpoint, in words. Default: nothing. */
  readonly notes?: readonly string[];
}

/**
 * @param model the class, for messages
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function checkGenerativeOptions(model: string, options: GenerativeOptions<unknown>): void {
  checkOptions<GenerativeOptions<unknown>>(model, options, {
    ...{ config: checkRecord, tokenizer: checkRecord, name: checkText },
    ...{ eosTokens: checkList, checkpoint: checkRecord, notes: checkList },
    generationDefaults: checkRecord,
  });
}

/** What every description counts. */
interface Sizes {
  readonly layers: number;
  readonly hidden: number;
  readonly vocab: number;
}

/**
 * Refuses a description that is not the module's: an anatomy made from it would be wrong wherever it is read.
 *
 * @param layers those that the module has
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function checkDescription(sizes: Sizes, layers: readonly unknown[]): void {
  for (const name of ["layers", "hidden", "vocab"] as const) {
    checkPositiveInteger(`config.${name}`, sizes[name]);
  }
  checkList("module.layers", layers);
  if (sizes.layers === layers.length) return;
  const rule = `describes ${sizes.layers} layers, but the module has ${layers.length}. Give the description it was made from.`;
  throw new InvalidArgumentError("config.layers", sizes.layers, rule);
}
