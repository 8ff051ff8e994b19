/** Text from models, files and users as it may be shown: what a terminal would obey or hide is written out. */
import { checkText } from "../errors/option-rules.js";

/**
 * What a terminal obeys (C0 and C1 controls, escape sequences with them), what turns the order of characters around,
 * what takes no room, line ends that are none in a terminal, and halves of characters.
 */
const unseen =
  /[\p{Cc}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Cs}\p{Noncharacter_Code_Point}\uFFF9-\uFFFB]/gu;

/** Emoji that are written with a joiner or a form selector, such as a family: the only hidden characters that stay. */
const emoji = /\p{Extended_Pictographic}[\uFE0E\uFE0F\p{Emoji_Modifier}]?(?:\u200D\p{Extended_Pictographic}[\uFE0E\uFE0F\p{Emoji_Modifier}]?)*|[#*0-9]\uFE0F\u20E3/gu; // biome-ignore format: one expression

const named: Readonly<Record<string, string>> = { "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/**
 * A text with its line ends and tabs, and everything else that cannot be seen by its number: `\x1b`, `\u{202e}`.
 *
 * @example
 * visibleText("\u001b[2Jsafe"); // "\\x1b[2Jsafe"
 */
export function visibleText(text: string): string {
  checkText("text", text);
  return replaceUnseen(text, (character) =>
    character === "\n" || character === "\t" ? character : written(character),
  );
}

/**
 * The same on one line: line ends and tabs are written out, too.
 *
 * @example
 * visibleLine("two\nlines"); // "two\\nlines"
 */
export function visibleLine(text: string): string {
  checkText("text", text);
  return replaceUnseen(text, written);
}

/**
 * JSON in which nothing reaches a terminal as it is; what it means stays the same.
 *
 * @example
 * visibleJson(JSON.stringify("Mary")); // '"Mary"'
 */
export function visibleJson(json: string): string {
  checkText("json", json);
  return replaceUnseen(json, (character) => (character === "\n" ? character : escapedUnits(character)), false); // biome-ignore format: one call
}

function replaceUnseen(text: string, write: (character: string) => string, keepEmoji = true) {
  const replaced = (part: string) => part.replace(unseen, write);
  if (!keepEmoji) return replaced(text);
  let result = "";
  let end = 0;
  for (const { 0: found, index } of text.matchAll(emoji)) {
    result += replaced(text.slice(end, index)) + found;
    end = index + found.length;
  }
  return result + replaced(text.slice(end));
}

function written(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const number = code.toString(16);
  return named[character] ?? (code < 0x100 ? `\\x${number.padStart(2, "0")}` : `\\u{${number}}`);
}

/** As JSON writes characters by number: each half of a pair by itself. */
function escapedUnits(character: string): string {
  return character
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
}
