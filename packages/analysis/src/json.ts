/** Results as JSON text, with typed arrays as lists. */

/**
 * Like `JSON.stringify`, which would write a typed array as an object with numbered keys.
 *
 * @param space indentation, as in `JSON.stringify`
 * @example
 * resultToJSON(await attentionPatterns(model, "Once upon a time"));
 */
export function resultToJSON(result: unknown, space?: number): string {
  return JSON.stringify(
    result,
    (_key, value: unknown) =>
      value instanceof Float32Array || value instanceof Int32Array ? Array.from(value) : value,
    space,
  );
}
