/** Options within what one request may ask for: numbers, lists, and the prompts that some of them are. */
import { fieldsOf, type Method } from "@mlxterp/results";
import { LimitError } from "../errors/errors.js";
import type { ServerLimits } from "../limits/limits.js";
import type { InputReader } from "./prompts.js";

/**
 * Draws, samples, steps, and what is tried one after the other: refused before anything is prepared for them.
 *
 * @throws LimitError (`LIMIT`)
 */
export function requireModest(
  { options }: Method,
  asked: Readonly<Record<string, unknown>>,
  limits: ServerLimits,
  reader: InputReader,
): void {
  for (const { name, kind, default: usual } of fieldsOf(options)) {
    const value = asked[name];
    const allowed = Math.max(limits.count, Number(usual ?? 0)); // what a form sends of itself is always right
    if (kind === "integer" && name !== "seed" && Number(value) > allowed) {
      throw new LimitError("count", allowed, `${name} is ${value}`);
    }
    if (!Array.isArray(value)) continue;
    if (value.length > limits.items) {
      throw new LimitError("items", limits.items, `${name} has ${value.length} items`);
    }
    for (const item of value) reader.countIn(item);
  }
}
