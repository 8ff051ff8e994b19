/**
 * JSON whose numbers keep their spelling. JavaScript reads 1.0 as 1, and writes it so, but Python tells a
 * float from a whole number, and `transformers` refuses the wrong one. Python's NaN and Infinity stay as well.
 */

const stringsAndNumbers =
  /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|-?\bInfinity\b|\bNaN\b/g;
const mark = "\u0001number:";
const marked = /"\\u0001number:([^"]*)"/g;

/** Parses an object; its numbers become opaque strings that `writeExactJson` turns back. */
export function readExactJson(text: string): Record<string, unknown> {
  const protectedText = text.replace(stringsAndNumbers, (token) =>
    token.startsWith('"') ? token : JSON.stringify(mark + token),
  );
  return JSON.parse(protectedText) as Record<string, unknown>;
}

/** Indented, with the numbers as they were read. */
export function writeExactJson(value: object): string {
  return `${JSON.stringify(value, null, 2).replace(marked, "$1")}\n`;
}
