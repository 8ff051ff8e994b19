/** Results as JSON text and back: typed arrays, NaN and infinities survive, written in one way. */
import { brief } from "../errors/brief.js";
import { isRecord } from "../errors/kinds-of-values.js";
import { MlxterpError } from "../errors/mlxterp-error.js";
import { checkWholeNumber } from "../errors/option-rules.js";

/** A text that is no JSON of ours. */
export class ResultFormatError extends MlxterpError {
  readonly code = "RESULT_FORMAT";
}

const arrays = {
  $float32: Float32Array,
  $float64: Float64Array,
  $int32: Int32Array,
  $uint8: Uint8Array,
} as const;

type Marker = keyof typeof arrays;

/** Numbers that JSON has no form for. */
const special: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "-Infinity": Number.NEGATIVE_INFINITY,
  "-0": -0,
};

/** Far more than any result is; deeper ones exhaust the stack of whoever looks at them. */
const deepest = 200;

/**
 * JSON text that `fromJson` reads back bit for bit.
 *
 * Typed arrays become `{ "$float32": [1, "NaN"] }`, other numbers without a form `{ "$number": "NaN" }`; a key of one's own
 * that begins with `$` gets another one.
 *
 * @param space indentation, as in `JSON.stringify`
 * @throws ResultFormatError (`RESULT_FORMAT`) for functions, symbols and whatever else is no data, also lists that hold themselves;
 *   InvalidArgumentError (`INVALID_ARGUMENT`) for another `space`
 * @example
 * fromJson(toJson(Float32Array.of(1, Number.NaN))); // Float32Array [1, NaN]
 */
export function toJson(value: unknown, space?: number): string {
  if (space !== undefined) checkWholeNumber("space", space);
  return JSON.stringify(encode(value, "the value"), undefined, space);
}

function encode(value: unknown, at: string, depth = 0): unknown {
  if (depth > deepest) throw new ResultFormatError(`${at.slice(0, 60)}… is nested more than ${deepest} deep.`); // biome-ignore format: one line
  if (typeof value === "number") {
    return specialName(value) === undefined ? value : { $number: specialName(value) };
  }
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (Array.isArray(value))
    return value.map((item, index) => encode(item, `${at}[${index}]`, depth + 1));
  const marker = (Object.keys(arrays) as Marker[]).find((name) => value instanceof arrays[name]);
  if (marker) return { [marker]: Array.from(value as Float32Array, (x) => specialName(x) ?? x) };
  if (!isRecord(value) || ArrayBuffer.isView(value)) {
    const kind =
      typeof value === "object" ? `of the class ${value.constructor?.name}` : typeof value;
    throw new ResultFormatError(`${at} is ${kind}, which JSON cannot hold.`);
  }
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [
        key.startsWith("$") ? `$${key}` : key,
        encode(item, `${at}.${key}`, depth + 1),
      ]),
  );
}

function specialName(value: number): string | undefined {
  if (Number.isFinite(value) && !Object.is(value, -0)) return undefined;
  return Object.is(value, -0) ? "-0" : `${value}`;
}

/**
 * What `toJson` wrote.
 *
 * @throws ResultFormatError (`RESULT_FORMAT`) for text that is no JSON, or marks that mean nothing
 * @example
 * fromJson('{"$number":"Infinity"}'); // Infinity
 */
export function fromJson(text: string): unknown {
  if (typeof text !== "string") throw new ResultFormatError(`This is no JSON text, but ${brief(text)}.`); // biome-ignore format: one line
  let plain: unknown;
  try {
    plain = JSON.parse(text);
  } catch (cause) {
    throw new ResultFormatError(`This is no JSON: ${(cause as Error).message}`, { cause });
  }
  return decode(plain, 0);
}

function decode(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (depth > deepest) throw new ResultFormatError(`This is nested more than ${deepest} deep.`);
  if (Array.isArray(value)) return value.map((item) => decode(item, depth + 1));
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && /^\$[a-z]/.test(first[0])) return decodeMarked(first[0], first[1]);
  // a key named __proto__ stays a key
  return Object.fromEntries(
    entries.map(([key, item]) => [
      key.startsWith("$$") ? key.slice(1) : key,
      decode(item, depth + 1),
    ]),
  );
}

function decodeMarked(marker: string, content: unknown): unknown {
  if (marker === "$number" && typeof content === "string" && Object.hasOwn(special, content)) {
    return special[content];
  }
  if (Object.hasOwn(arrays, marker) && Array.isArray(content)) {
    return arrays[marker as Marker].from(content.map((item) => numberOf(marker, item)));
  }
  throw new ResultFormatError(
    `"${marker}" does not mark ${JSON.stringify(content)?.slice(0, 60)}.`,
  );
}

function numberOf(marker: string, item: unknown): number {
  if (typeof item === "number") return item;
  if (typeof item === "string" && Object.hasOwn(special, item)) return special[item];
  throw new ResultFormatError(`"${marker}" holds ${JSON.stringify(item)}, which is no number.`);
}
