/** What was asked, as a result keeps it. */
import type { Json, RunControl } from "@mlxterp/results";

/** Options without what only steers the run. */
export function askedOf(options: RunControl & object): Record<string, Json> {
  const { signal: _signal, onProgress: _onProgress, ...rest } = options;
  const entries = Object.entries(rest).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, Json>;
}
