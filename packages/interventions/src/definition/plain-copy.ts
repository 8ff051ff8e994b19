/** Copies of what JSON can hold, so that a later change by the caller does not reach an intervention. */
import { brief, InvalidArgumentError } from "@mlxterp/mlx";

const deepest = 64;

/**
 * Copies plain data; members that are undefined are left out.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for what JSON cannot hold, such as functions and infinities
 */
export function plainCopy(argument: string, value: unknown, depth = 0): unknown {
  const simple = ["string", "boolean"].includes(typeof value) || value === null;
  if (simple || Number.isFinite(value)) return value;
  if (depth < deepest && Array.isArray(value)) {
    return value.map((item: unknown) => plainCopy(argument, item, depth + 1));
  }
  if (depth < deepest && isPlainObject(value)) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    const copied = members.map(([name, member]) => [name, plainCopy(argument, member, depth + 1)]);
    return Object.fromEntries(copied);
  }
  throw new InvalidArgumentError(argument, value, `must be plain data, not ${brief(value)}.`);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
