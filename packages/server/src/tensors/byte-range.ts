/** The ranges of HTTP (RFC 9110, section 14), one at a time. */
import { ByteRangeError } from "../errors/errors.js";

export interface ByteRange {
  readonly start: number;
  /** Included, as HTTP counts. */
  readonly end: number;
}

/**
 * The bytes that a `Range` header asks for; undefined for all of them, as for several ranges or another unit.
 *
 * @throws ByteRangeError (`RANGE`) for a range that starts behind the end
 */
export function byteRange(header: string | null, size: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (header === null || first === undefined || (first === "" && last === "")) return undefined;
  const range =
    first === ""
      ? { start: Math.max(0, size - Number(last)), end: size - 1 }
      : { start: Number(first), end: last === "" ? size - 1 : Math.min(Number(last), size - 1) };
  if (last !== "" && first !== "" && Number(last) < Number(first)) return undefined; // no range at all
  if (range.start >= size) throw new ByteRangeError(header, size);
  return range;
}
