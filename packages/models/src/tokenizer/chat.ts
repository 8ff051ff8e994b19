/** Conversations as a chat model reads them, with the tokens of every turn. */
import { checkBoolean, checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import { TemplateFault } from "../templates/fault.js";
import { parseTemplate } from "../templates/parse.js";
import { renderTemplate } from "../templates/render.js";
import type { Body } from "../templates/syntax.js";
import { ChatTemplateError } from "./errors.js";
import type { Settings } from "./settings.js";
import type { TextToken } from "./text-tokens.js";

/** One message; templates may read other fields, such as `tool_calls`. */
export interface ChatMessage {
  /** Such as `system`, `user` or `assistant`. */
  readonly role: string;
  readonly content: string;
  readonly [field: string]: unknown;
}

export interface ChatOptions {
  /** Ends with the beginning of the assistant's next message. Default: false. */
  readonly addGenerationPrompt?: boolean;
  /** Which template, where a tokenizer has several. Default: `default`. */
  readonly template?: string;
  /** What else the template reads, such as `tools` or `enable_thinking`. */
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** The tokens of one message: ids.slice(start, end). */
export interface ChatTurn {
  readonly role: string;
  readonly start: number;
  readonly end: number;
  /** Those of what was said, without what the template writes around it; empty where it is not written as it was given. */
  readonly content: { readonly start: number; readonly end: number };
}

export interface ChatPrompt {
  /** To be used as a prompt; BOS is among them where the template writes it. */
  readonly ids: readonly number[];
  readonly text: string;
  /** One for each message, in order. */
  readonly turns: readonly ChatTurn[];
}

type Tokens = (text: string, options: { readonly addSpecialTokens: boolean }) => TextToken[];

/** Makes `applyChatTemplate` of a tokenizer. */
export function createChatWriter(
  settings: Settings,
  tokens: Tokens,
): (messages: readonly ChatMessage[], options?: ChatOptions) => ChatPrompt {
  return (messages, options = {}) => {
    checkList("messages", messages);
    checkOptions<ChatOptions>("applyChatTemplate", options, {
      addGenerationPrompt: checkBoolean,
      template: checkText,
      variables: checkRecord,
    });
    const render = createRenderer(settings, options);
    const text = render(messages, options.addGenerationPrompt ?? false);
    const found = tokens(text, { addSpecialTokens: false });
    const ends = turnEnds(text, found, messages, render);
    const turn = (message: ChatMessage, index: number): ChatTurn => {
      const [start, end] = [ends[index - 1] ?? 0, ends[index]];
      return { role: message.role, start, end, content: contentOf(text, found, message, { start, end }) }; // biome-ignore format: one line
    };
    return { ids: found.map(({ id }) => id), text, turns: messages.map(turn) };
  };
}

type Render = (messages: readonly ChatMessage[], addGenerationPrompt: boolean) => string;

const tokenNames = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].map(
  (name) => `${name}_token`,
);

/** @throws ChatTemplateError (`CHAT_TEMPLATE`) */
function createRenderer(settings: Settings, options: ChatOptions): Render {
  const template = readTemplate(chooseTemplate(settings, options));
  const texts = tokenNames.map((name) => [name, textOfToken(settings[name])]);
  const given = {
    ...Object.fromEntries(texts),
    tools: null,
    documents: null,
    ...options.variables,
  };
  return (messages, addGenerationPrompt) =>
    attempt(() =>
      renderTemplate(template, { ...given, messages, add_generation_prompt: addGenerationPrompt }),
    );
}

function textOfToken(token: unknown): string | undefined {
  const content = (token as { readonly content?: unknown } | null | undefined)?.content ?? token;
  return typeof content === "string" ? content : undefined;
}

/** Where tools are given and a template is named after their use, that one. */
function chooseTemplate(
  { chat_template: given }: Settings,
  { template, variables }: ChatOptions,
): string {
  if (typeof given === "string") return given;
  const names = given?.map(({ name }) => name) ?? [];
  const usual = variables?.tools && names.includes("tool_use") ? "tool_use" : "default";
  const found = given?.find(({ name }) => name === (template ?? usual));
  if (found) return found.template;
  throw names.length === 0
    ? new ChatTemplateError("This tokenizer has no chat template.", "Write the prompt as a text.")
    : new ChatTemplateError(
        `There is no template "${template ?? usual}".`,
        `There are ${names.join(", ")}.`,
      );
}

/** Templates are read once; each conversation is written several times, to find its turns. */
const read = new Map<string, Body>();

function readTemplate(source: string): Body {
  const before = read.get(source);
  if (before) return before;
  const body = attempt(() => parseTemplate(source));
  if (read.size >= 16) read.clear();
  read.set(source, body);
  return body;
}

const blames = {
  template: ["is wrong", "Change the template, or write the prompt as a text."],
  limit: ["asks for too much", "Shorten the messages, or change the template."],
  raised: [
    "refuses this conversation",
    "Change the messages, or give what it reads as `variables`.",
  ],
  value: [
    "cannot write this conversation",
    "Change the messages, give what it reads as `variables`, or change the template.",
  ],
} as const;

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof TemplateFault)) throw cause;
    const [failure, wayOut] = blames[cause.kind];
    const place =
      cause.line === undefined || cause.kind === "raised"
        ? ""
        : ` (line ${cause.line} of the template)`;
    const reason = `The chat template ${failure}: ${cause.message}${place}.`;
    throw new ChatTemplateError(reason, wayOut, { cause }, cause.line);
  }
}

/** The tokens of a turn that have any character of its content. */
function contentOf(
  text: string,
  tokens: readonly TextToken[],
  { content }: ChatMessage,
  { start, end }: { readonly start: number; readonly end: number },
): ChatTurn["content"] {
  const written = typeof content === "string" ? content.trim() : "";
  const from = tokens[start]?.start ?? text.length;
  const to = tokens[end - 1]?.end ?? text.length;
  const at = text.lastIndexOf(written, to - written.length); // a role's name before it may be the same word
  const none = { start: end, end };
  if (written === "" || at < from) return none;
  const inside = tokens
    .slice(start, end)
    .map((token, index) => ({ token, index: start + index }))
    .filter(({ token }) => token.end > at && token.start < at + written.length);
  return inside.length === 0
    ? none
    : { start: inside[0].index, end: inside[inside.length - 1].index + 1 };
}

/**
 * The token after each message. A turn ends where the conversation ends when it is cut there. Where the template refuses
 * that, as some do after a system message, or begins an answer whether asked or not, the turn ends with its content and the special
 * token that closes it.
 */
function turnEnds(
  text: string,
  tokens: readonly TextToken[],
  messages: readonly ChatMessage[],
  render: Render,
): number[] {
  const tokenAt = (character: number) => {
    const index = tokens.findIndex(({ start }) => start >= character);
    return index < 0 ? tokens.length : index;
  };
  const cuts = cutsText(messages, render);
  let character = 0;
  return messages.map((message, index) => {
    const cut = cuts ? renderCut(messages.slice(0, index + 1), render) : undefined;
    const contentEnd = endOfContent(text, message, character);
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
    const text = renderCut(talk, render) ?? "";
    return text.slice(text.lastIndexOf(content) + content.length);
  });
  return tails[0] !== tails[1]; // the same begins an answer whoever spoke
}

function renderCut(messages: readonly ChatMessage[], render: Render): string | undefined {
  try {
    return render(messages, false);
  } catch (error) {
    if (error instanceof ChatTemplateError) return undefined;
    throw error;
  }
}

/** @param from where the turn begins */
function endOfContent(text: string, { content }: ChatMessage, from: number): number {
  const written = typeof content === "string" ? content.trim() : "";
  const at = text.indexOf(written, from);
  return at < 0 ? from : at + written.length;
}
