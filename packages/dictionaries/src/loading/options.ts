/** How dictionaries are loaded. */
import { checkBoolean, checkList, checkText, type OptionNames, oneOf } from "@mlxterp/mlx";

export interface LoadDictionaryOptions {
  /** Fields of the configuration to pass over, where they are known to change nothing. */
  readonly ignore?: readonly string[];
  /** Which dictionary of a folder that holds several, by the name of its folder or file. */
  readonly part?: string;
  /**
   * How features are chosen, for those that were trained with the k largest and keep a threshold beside: by that threshold, by each
   * row's k largest, or by the largest of all rows of a call. Default: as their own library does.
   */
  readonly select?: "threshold" | "topK" | "batchTopK";
  /** Whether features below zero are cut off where a threshold is. Default: as their own library does. */
  readonly rectified?: boolean;
  /**
   * What a `params.npz` of Gemma Scope is, whose transcoders have the same tensors as its autoencoders. Default: a transcoder where the path
   * names a repository of them (`gemma-scope-2b-pt-transcoders`), else an autoencoder.
   */
  readonly kind?: "autoencoder" | "transcoder";
  /**
   * The unit of Llama Scope's published threshold: that of raw activations, as published values suggest, or of normalised ones.
   * Default: `raw`; `normalized` for those with a threshold for each feature.
   */
  readonly thresholdUnit?: "raw" | "normalized";
}

/** What its values must be. */
export const loadRules: OptionNames<LoadDictionaryOptions> = {
  ignore: checkList,
  part: checkText,
  select: oneOf("threshold", "topK", "batchTopK"),
  rectified: checkBoolean,
  kind: oneOf("autoencoder", "transcoder"),
  thresholdUnit: oneOf("raw", "normalized"),
};
