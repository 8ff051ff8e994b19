/** Finds what a template made of one message's content: the characters that change when another is put in its place. */
import type { ChatMessage } from "./chat.js";

/** text.slice(start, end) */
export interface Characters {
  readonly start: number;
  readonly end: number;
}

/** Undefined where the template refuses a conversation. */
type Write = (messages: readonly ChatMessage[]) => string | undefined;

/**
 * Looking for the content itself would find it elsewhere too: "end" in the mark that closes a turn, "user" in the one that opens
 * it, and the same said twice. So a character that the text does not have is put in its place: what stays the same
 * around it is the template's.
 *
 * @param text the conversation as it is written, with or without the beginning of an answer
 * @returns where it is, or would be if it were not empty; undefined where the content is not written, or the template writes it in a way
 *   that cannot be told from its own
 */
export function findContent(
  text: string,
  messages: readonly ChatMessage[],
  index: number,
  render: Write,
): Characters | undefined {
  const content = messages[index]?.content;
  if (typeof content !== "string") return undefined;
  const parts = partsAround(text, messages, index, render);
  const literal = content.trim();
  if (parts === undefined) return findOnly(text, literal);
  return parts.length === 1
    ? undefined
    : (between(text, parts) ?? findAround(text, literal, parts));
}

/** What the template writes behind the last message's content. */
export function endingOf(messages: readonly ChatMessage[], render: Write): string | undefined {
  const text = render(messages);
  if (text === undefined) return undefined;
  const [, ...rest] = partsAround(text, messages, messages.length - 1, render) ?? [];
  return rest.at(-1);
}

/** What is written around the content, everywhere that it is written. */
function partsAround(
  text: string,
  messages: readonly ChatMessage[],
  index: number,
  render: Write,
): string[] | undefined {
  const mark = unusedCharacter(text);
  return render(messages.with(index, { ...messages[index], content: mark }))?.split(mark);
}

/** One of those that Unicode leaves to everybody: no template changes it. */
function unusedCharacter(text: string): string {
  let code = 0xe000;
  while (text.includes(String.fromCharCode(code))) code++;
  return String.fromCharCode(code);
}

/** What stands between the parts; the last place where a template repeats it. */
function between(text: string, parts: readonly string[]): Characters | undefined {
  const count = parts.length - 1;
  const length = (text.length - parts.join("").length) / count;
  if (!Number.isInteger(length) || length < 0) return undefined;
  const end = text.length - parts[count].length;
  const start = end - length;
  return parts.join(text.slice(start, end)) === text ? { start, end } : undefined;
}

/** Where the template looks into the content, more changes with it: the content is where it holds all that changed. */
function findAround(
  text: string,
  literal: string,
  parts: readonly string[],
): Characters | undefined {
  const first = commonLength(text, parts[0], (at) => at);
  const last = text.length - commonLength(text, parts[parts.length - 1], (at) => -1 - at);
  const start = text.lastIndexOf(literal, first);
  return literal !== "" && start >= 0 && start + literal.length >= last
    ? { start, end: start + literal.length }
    : undefined;
}

/** How many characters two texts have in common, from an end on. */
function commonLength(one: string, other: string, place: (at: number) => number): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one.at(place(length)) === other.at(place(length))) length++;
  return length;
}

function findOnly(text: string, literal: string): Characters | undefined {
  const start = literal === "" ? -1 : text.indexOf(literal);
  return start < 0 || text.includes(literal, start + 1)
    ? undefined
    : { start, end: start + literal.length };
}
