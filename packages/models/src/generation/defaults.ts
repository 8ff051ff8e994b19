/** How a checkpoint would generate texts, and what of that holds where nobody says otherwise. */
import { asAsked } from "@mlxterp/mlx";
import { checkGeneration, type GenerateBatchOptions } from "./options.js";

/** What a `generation_config.json` says. */
export type GenerationDefaults = Pick<
  GenerateBatchOptions,
  "temperature" | "topK" | "topP" | "minP" | "repetitionPenalty" | "maxTokens"
>;

/**
 * The options that were given, and the checkpoint's penalty and number of tokens where they were not. The most likely
 * token is taken unless the caller asks for a draw: what is looked into should be the same the next time.
 */
function withDefaults<O extends GenerationDefaults>(
  { repetitionPenalty, maxTokens }: GenerationDefaults,
  options: O,
): O {
  return {
    ...options,
    ...(options.repetitionPenalty === undefined && repetitionPenalty && { repetitionPenalty }),
    ...(options.maxTokens === undefined && maxTokens && { maxTokens }),
  };
}

/**
 * What a generation was asked for, as it was at the call, with what the checkpoint says.
 *
 * @param of what is asked, such as `generate`
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`)
 */
export function askedOf<O extends GenerateBatchOptions>(
  of: string,
  { generationDefaults = {} }: { readonly generationDefaults?: GenerationDefaults },
  options: O,
): O {
  checkGeneration(of, options);
  return withDefaults(generationDefaults, asAsked(options));
}
