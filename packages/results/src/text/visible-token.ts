/** Token texts made visible: the one way in which terminals, pictures and pages write them. */

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/**
 * A token with everything visible: blanks at its ends as `·`, line ends as `\n`, other controls by number. Characters
 * that turn the direction of what follows are written by number too: they would rearrange a whole line.
 *
 * @example
 * visibleToken(" Paris"); // "·Paris"
 */
export function visibleToken(piece: string): string {
  if (piece === "") return "∅";
  return piece
    .replace(/^ +| +$/g, (blanks) => "·".repeat(blanks.length))
    .replace(/\p{Cc}/gu, (control) => named[control] ?? hexadecimal(control))
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, unicode);
}

function hexadecimal(control: string): string {
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

function unicode(mark: string): string {
  return `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
