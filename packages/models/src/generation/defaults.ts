/** How a checkpoint would generate texts, and what of that holds where nobody says otherwise. */
import type { GenerateBatchOptions } from "./options.js";

/** What a `generation_config.json` says. */
export type GenerationDefaults = Pick<
  GenerateBatchOptions,
  "temperature" | "topK" | "topP" | "minP" | "repetitionPenalty" | "maxTokens"
>;

/**
 * The options that were given, and the checkpoint's penalty and number of tokens where they were not. The most likely
 * token is taken unless the caller asks for a draw: what is looked into should be the same the next time.
 */
export function withDefaults<O extends GenerationDefaults>(
  { repetitionPenalty, maxTokens }: GenerationDefaults,
  options: O,
): O {
  if (typeof options !== "object" || options === null) return options; // refused by name later
  return {
    ...options,
    ...(options.repetitionPenalty === undefined && repetitionPenalty && { repetitionPenalty }),
    ...(options.maxTokens === undefined && maxTokens && { maxTokens }),
  };
}
