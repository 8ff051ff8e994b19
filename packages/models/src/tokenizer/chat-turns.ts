/** Which tokens of a written conversation belong to each message, and which of them are what was said. */
import type { ChatMessage, ChatTurn } from "./chat.js";
import { ChatTemplateError } from "./errors.js";
import { type Characters, endingOf, findContent } from "./find-content.js";
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
    content !== undefined &&
    content.start < content.end &&
    token.end > content.start &&
    token.start < content.end;
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
    const contentEnd = Math.max(character, contents[index]?.end ?? 0);
    const cutEnd = cuts
      ? endOfCut(text, messages.slice(0, index + 1), contentEnd, render)
      : undefined;
    character = cutEnd ?? contentEnd;
    const end = tokenAt(character);
    return cutEnd === undefined && tokens[end]?.special ? end + 1 : end;
  });
}

/**
 * Where the text goes on after a conversation that ends with the turn. Some templates write the last turn's beginning in another way than
 * that of the others (its thoughts, say): then what they write after its content tells.
 */
function endOfCut(
  text: string,
  messages: readonly ChatMessage[],
  contentEnd: number,
  render: Render,
): number | undefined {
  const write = (others: readonly ChatMessage[]) => attempt(others, render, false);
  const cut = write(messages);
  if (cut === undefined) return undefined;
  if (text.startsWith(cut) && cut.length >= contentEnd) return cut.length;
  const after = endingOf(messages, write);
  return after !== undefined && text.startsWith(after, contentEnd)
    ? contentEnd + after.length
    : undefined;
}

/** Whether a conversation that ends with a message is written without the beginning of another. */
function cutsText(messages: readonly ChatMessage[], render: Render): boolean {
  if (render(messages, false) !== render(messages, true)) return true;
  const write = (others: readonly ChatMessage[]) => attempt(others, render, false);
  const long = ["user", "assistant", "user"].map((role) => ({ role, content: "Hello" }));
  const ending = endingOf(long.slice(0, 2), write);
  const text = write(long);
  const answer = text === undefined ? undefined : findContent(text, long, 1, write);
  return ending === undefined || !answer || text?.startsWith(ending, answer.end) === true;
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
