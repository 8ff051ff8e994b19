/** Text measured in columns of a terminal: width, wrapping, shortening, and tokens made visible. */
import { stripVTControlCharacters } from "node:util";

const invisible = /[\p{Mn}\p{Me}\p{Cf}]/u;
const wide =
  /[\p{Emoji_Presentation}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\u3000-\u303F\uFF01-\uFF60\uFFE0-\uFFE6]/u;
const halfWidth = /[\uFF61-\uFFDC]/;

function characterWidth(character: string): number {
  if (invisible.test(character)) return 0;
  return wide.test(character) && !halfWidth.test(character) ? 2 : 1;
}

/** How many columns a text takes; escape codes take none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of stripVTControlCharacters(text)) width += characterWidth(character);
  return width;
}

/** A text of at most `width` columns, ending in … where something is missing. */
export function shorten(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 1;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Breaks text between words; later lines begin with `indent`. A word that is wider than the line stays whole. */
export function wrap(text: string, width: number, indent = ""): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      const longer = line === "" ? word : `${line} ${word}`;
      if (line.trim() !== "" && displayWidth(longer) > width) {
        lines.push(line);
        line = indent + word;
      } else {
        line = longer;
      }
    }
    lines.push(line);
  }
  return lines.join("\n");
}

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/** A token's text with everything visible: a leading blank as ·, line ends as \n, other controls by number. */
export function visibleToken(piece: string): string {
  if (piece === "") return "∅";
  return (
    piece
      .replace(/^ +| +$/g, (blanks) => "·".repeat(blanks.length))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not reach the terminal
      .replace(/[\u0000-\u001F\u007F-\u009F]/g, (c) => named[c] ?? hexadecimal(c))
  );
}

function hexadecimal(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}
