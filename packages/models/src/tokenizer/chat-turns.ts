/** Which tokens of a written conversation belong to each message, and which of them are what was said. */
import type { ChatMessage, ChatTurn } from "./chat.js";
import { ChatTemplateError } from "./errors.js";
import { type Characters, findContent } from "./find-content.js";
import type { TextToken } from "./text-tokens.js";

/** Writes a conversation with the template. */
export type Render = (messages: readonly ChatMessage[], addGenerationPrompt: boolean) => string;

interface Written {
  readonly text: string;
  readonly tokens: readonly TextToken[];
  readonly messages: readonly ChatMessage[];
  readonly render: Render;
  /** As the text was written. */
  readonly addGenerationPrompt: boolean;
}

export function findTurns(written: Written): ChatTurn[] {
  const { text, tokens, messages, render, addGenerationPrompt } = written;
  const again = (others: readonly ChatMessage[]) => attempt(others, render, addGenerationPrompt);
  const contents = inOrder(messages.map((_, index) => findContent(text, messages, index, again)));
  const ends = turnEnds(written, contents);
  return messages.map(({ role }, index) => {
    const [start, end] = [ends[index - 1] ?? 0, ends[index]];
    return { role, start, end, content: contentOf(tokens, contents[index], { start, end }) };
  });
}

/** Without contents that stand behind a later one's, as a system message that is written with the last question. */
function inOrder(contents: readonly (Characters | undefined)[]): (Characters | undefined)[] {
  let next = Number.POSITIVE_INFINITY;
  return contents
    .toReversed()
    .map((content) => {
      if (!content || content.end > next) return undefined;
      next = content.start;
      return content;
    })
    .toReversed();
}

/** The tokens of a turn that have any character of its content. */
function contentOf(
  tokens: readonly TextToken[],
  content: Characters | undefined,
  { start, end }: { readonly start: number; readonly end: number },
): ChatTurn["content"] {
  const inside = (token: TextToken) =>
    content !== undefined && token.end > content.start && token.start < content.end;
  const found = tokens
    .slice(start, end)
    .flatMap((token, at) => (inside(token) ? [start + at] : []));
  return found.length === 0
    ? { start: end, end }
    : { start: found[0], end: found[found.length - 1] + 1 };
}

/**
 * The token after each message. A turn ends where the conversation ends when it is cut there. Where the template refuses
 * that, as some do after a system message, or begins an answer whether asked or not, the turn ends with its content and the special
 * token that closes it.
 */
function turnEnds(
  { text, tokens, messages, render }: Written,
  contents: readonly (Characters | undefined)[],
): number[] {
  const tokenAt = (character: number) => {
    const index = tokens.findIndex(({ start }) => start >= character);
    return index < 0 ? tokens.length : index;
  };
  const cuts = cutsText(messages, render);
  let character = 0;
  return messages.map((_, index) => {
    const cut = cuts ? attempt(messages.slice(0, index + 1), render, false) : undefined;
    const contentEnd = Math.max(character, contents[index]?.end ?? 0);
    const clean = cut !== undefined && text.startsWith(cut) && cut.length >= contentEnd;
    character = clean ? cut.length : contentEnd;
    const end = tokenAt(character);
    return !clean && tokens[end]?.special ? end + 1 : end;
  });
}

/** Whether a conversation that ends with a message is written without the beginning of another. */
function cutsText(messages: readonly ChatMessage[], render: Render): boolean {
  if (render(messages, false) !== render(messages, true)) return true;
  const content = "Hello";
  const question = { role: "user", content };
  const tails = [[question], [question, { role: "assistant", content }]].map((talk) => {
    const text = attempt(talk, render, false) ?? "";
    return text.slice(text.lastIndexOf(content) + content.length);
  });
  return tails[0] !== tails[1]; // the same begins an answer whoever spoke
}

function attempt(
  messages: readonly ChatMessage[],
  render: Render,
  addGenerationPrompt: boolean,
): string | undefined {
  try {
    return render(messages, addGenerationPrompt);
  } catch (error) {
    if (error instanceof ChatTemplateError) return undefined;
    throw error;
  }
}
