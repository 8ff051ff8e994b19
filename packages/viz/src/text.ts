/** Texts shortened and escaped. */

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
