/** How a checkpoint wants its texts to be generated where nobody says otherwise. */
import type { GenerateBatchOptions } from "./options.js";

/** What a `generation_config.json` says. */
export type GenerationDefaults = Pick<
  GenerateBatchOptions,
  "temperature" | "topK" | "topP" | "minP" | "repetitionPenalty" | "maxTokens"
>;

/**
 * The options that were given, and the checkpoint's for the others. With `temperature: 0` the most likely token is taken, as
 * without a draw in the file: its cuts then have nothing to cut.
 */
export function withDefaults<O extends GenerationDefaults>(
  defaults: GenerationDefaults,
  options: O,
): O {
  if (typeof options !== "object" || options === null) return options; // refused by name later
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  );
  const { temperature, topK, topP, minP, ...always } = defaults;
  const drawn = options.temperature ?? temperature ?? 0;
  const ofDraws = drawn === 0 ? {} : { temperature, topK, topP, minP };
  const known = Object.entries({ ...always, ...ofDraws }).filter(
    ([, value]) => value !== undefined,
  );
  return { ...Object.fromEntries(known), ...given } as O;
}
