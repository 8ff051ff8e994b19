/** The words of the text form of interventions. */
import { InterventionSyntaxError } from "../errors.js";

/** One word with its place. */
export interface Token {
  readonly kind: "number" | "name" | "sign" | "end";
  readonly text: string;
  /** Counted from 1. */
  readonly column: number;
}

// A number ends before "..", so that 2..5 is a range; infinities are numbers, as in JavaScript.
const pattern =
  /\s*(?:(-?Infinity\b|-?(?:\d+(?:\.(?!\.)\d*)?|\.(?!\.)\d+)(?:[eE][+-]?\d+)?)|([A-Za-z_]\w*)|(\.\.|[()[\],=]))/y;

/**
 * Splits text into words.
 *
 * @param from where to begin, in characters
 * @throws InterventionSyntaxError (`INTERVENTION_SYNTAX`) at a character that begins no word
 */
export function scan(text: string, from: number): Token[] {
  const tokens: Token[] = [];
  let at = from;
  for (;;) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) break;
    const [whole, number, name] = match;
    const word = whole.trimStart();
    const kind = number !== undefined ? "number" : name !== undefined ? "name" : "sign";
    at = pattern.lastIndex;
    tokens.push({ kind, text: word, column: at - word.length + 1 });
  }
  const rest = text.slice(at).trimStart();
  const column = text.length - rest.length + 1;
  if (rest !== "") throw new InterventionSyntaxError(text, column, `unexpected '${rest[0]}'.`);
  return [...tokens, { kind: "end", text: "the end", column }];
}
