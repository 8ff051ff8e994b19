/** What a value is, before anything reads it. */

export function isNumbers(value: unknown): value is Float64Array {
  return value instanceof Float32Array || value instanceof Float64Array;
}

export function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
