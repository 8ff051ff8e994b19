/** What a value is, before anything reads it. */

export function isNumbers(value: unknown): value is Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array;
}

export function isTexts(value: unknown): value is readonly string[] {
  return isListOf(value, (one) => typeof one === "string");
}

/** Of a list with gaps each gap is an item too, unlike for `every`. */
export function isListOf(value: unknown, is: (item: unknown) => boolean): value is unknown[] {
  return Array.isArray(value) && Array.from(value).every(is);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
