/** What becomes of the next token when features of transcoders are set to other values. */
import type { Prompt } from "@mlxterp/core";
import { checkList, checkOptions, evaluate, type MxArray, oneOf } from "@mlxterp/mlx";
import { type DictionaryModel, promptsAsIds } from "../shared/model.js";
import { checkTranscoders } from "../transcoders/check-transcoders.js";
import type { Transcoders } from "../transcoders/transcoder-set.js";
import { baselineOf, changedRun, type FeatureChange, type Held } from "./changed-run.js";

export interface ChangeTranscoderOptions {
  /**
   * What keeps its value of the unchanged run: `patterns` of attention (default), `everything`, so that effects are what the edges of a graph
   * add up to, or `nothing`.
   */
  readonly hold?: Held;
}

/** One prompt before and after. */
export interface ChangedPrediction {
  readonly ids: readonly number[];
  /** The logits of the next token, (vocab). */
  readonly before: MxArray;
  readonly after: MxArray;
}

/**
 * Sets features of transcoders in the model itself: to the outputs of its own MLPs is added what changed features write more than before.
 * This is how a claim that an attribution graph makes is tested.
 *
 * @param changes by layer, position, feature and value, the same for each prompt
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what is no feature or position, or transcoders of another number of layers;
 * UnknownSiteError (`UNKNOWN_SITE`)
 * @example
 * const transcoders = loadTranscoders("tiny");
 * const changes = [{ layer: 1, position: 3, feature: 7, value: 5 }];
 * const [{ before, after }] = await changeTranscoderFeatures(model, transcoders, "the capital of France is", changes);
 * before.shape.join() === after.shape.join(); // true
 */
export async function changeTranscoderFeatures(
  model: DictionaryModel,
  transcoders: Transcoders,
  input: Prompt,
  changes: readonly FeatureChange[],
  options: ChangeTranscoderOptions = {},
): Promise<ChangedPrediction[]> {
  const of = "changeTranscoderFeatures";
  const holds = oneOf("everything", "patterns", "nothing");
  checkOptions<ChangeTranscoderOptions>(of, options, { hold: holds });
  checkList("changes", changes);
  checkTranscoders("transcoders", transcoders);
  const { hold = "patterns" } = options;
  const found: ChangedPrediction[] = [];
  for (const ids of promptsAsIds(model, input)) {
    const baseline = await baselineOf(model, transcoders, ids);
    const { logits: after } = await changedRun(model, transcoders, baseline, changes, hold);
    await evaluate([baseline.logits, after]);
    found.push({ ids, before: baseline.logits, after });
  }
  return found;
}
