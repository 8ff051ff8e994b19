/** What one request, and all together, may take. */
import { checkOptions, InvalidArgumentError, type OptionNames } from "@mlxterp/results";
import type { ServerLimits } from "../wire/answers.js";

export type { ServerLimits } from "../wire/answers.js";

export const defaultLimits: ServerLimits = {
  bodyBytes: 2 ** 20,
  tokens: 8192,
  generatedTokens: 2048,
  count: 256,
  items: 1024,
  interventions: 2000,
  seconds: 300,
  resultBytes: 64 * 2 ** 20,
  tensorBytes: 256 * 2 ** 20,
  tensorSeconds: 600,
  waiting: 128,
  waitingPerClient: 16,
  begun: 4,
  models: 4,
};

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a limit that does not exist, or is no positive number */
export function limitsWith(given: Partial<ServerLimits> = {}): ServerLimits {
  const names = Object.keys(defaultLimits) as (keyof ServerLimits)[];
  checkOptions(
    "limits",
    given,
    Object.fromEntries(names.map((name) => [name, true])) as OptionNames<ServerLimits>,
  );
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || (typeof value === "number" && value > 0)) continue;
    throw new InvalidArgumentError(`limits.${name}`, value, "must be a positive number.");
  }
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...defaultLimits, ...Object.fromEntries(set) };
}
