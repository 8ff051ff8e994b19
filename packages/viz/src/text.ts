/** Token texts made visible, shortened and escaped. */

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/** A token with everything visible: blanks at its ends as ·, line ends as \n, other controls by number. */
export function visibleToken(piece: string): string {
  if (piece === "") return "∅";
  return piece
    .replace(/^ +| +$/g, (blanks) => "·".repeat(blanks.length))
    .replace(/\p{Cc}/gu, (control) => named[control] ?? hexadecimal(control));
}

function hexadecimal(control: string): string {
  return `\\x${control.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** At most `length` characters, ending in … where something is missing. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length
    ? text
    : `${characters.slice(0, Math.max(1, length - 1)).join("")}…`;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text for HTML and SVG, in content and in attributes. */
export function escapeMarkup(text: string): string {
  return replaceForbidden(text.replace(/[&<>"']/g, (character) => entities[character]));
}

/** Puts U+FFFD in the place of characters that no XML document may hold, not even escaped. */
export function replaceForbidden(text: string): string {
  return text.replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]|\p{Cs}/gu, "\ufffd");
}

/** A number for a legend or a table: three significant digits, no needless zeros, a true minus sign. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const tiny = size < 1e-3 || size >= 1e5;
  return withMinus(tiny ? value.toExponential(1) : String(Number(value.toPrecision(3))));
}

/** A number with two decimals, for cells. */
export function formatCell(value: number): string {
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(2);
  return withMinus(/[1-9]/.test(text) ? text : text.replace("-", "")); // no negative zero
}

function withMinus(text: string): string {
  return text.replaceAll("-", "−");
}
