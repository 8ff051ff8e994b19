/** Values as they may stand in a message. */

/**
 * A value in a few words: anything in a message must be short, and never run what the value brings along.
 *
 * @example
 * brief({ topK: 5 });
 */
export function brief(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shortened(value));
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}
