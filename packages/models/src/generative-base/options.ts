/** What every generative model is made with. */
import type { Tokenizer } from "@mlxterp/core";
import { checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import type { Checkpoint } from "../checkpoint/checkpoint.js";

export interface GenerativeOptions<Config> {
  /** The description the module was made from. */
  readonly config: Config;
  readonly tokenizer?: Tokenizer;
  /** Shown in provenance. Default: the module's class. */
  readonly name?: string;
  /** The ids that end a text. Default: none. */
  readonly eosTokens?: readonly number[];
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
  });
}
