/** What was asked, as a result keeps it: resolved options as data, answers as the tokens they were. */
import type { Json, RunControl } from "@mlxterp/results";

/**
 * Options without what only steers the run. Functions are kept by name: they cannot be run again from data.
 *
 * @param resolved values in the place of what was given, such as ids in that of answers
 */
export function askedOf(
  options: RunControl & object,
  resolved: Readonly<Record<string, Json | undefined>> = {},
): Record<string, Json> {
  const { signal: _signal, onProgress: _onProgress, ...rest } = options;
  const asked: Record<string, Json> = {};
  for (const [name, value] of Object.entries({ ...rest, ...resolved })) {
    if (value === undefined) continue;
    asked[name] = typeof value === "function" ? functionName(value) : (value as Json);
  }
  return asked;
}

function functionName(value: { readonly name?: string }): Json {
  return { function: value.name || "anonymous" };
}
