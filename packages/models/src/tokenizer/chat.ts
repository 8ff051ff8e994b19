/** Conversations as a chat model reads them, with the tokens of every turn. */
import { checkBoolean, checkList, checkOptions, checkRecord, checkText } from "@mlxterp/mlx";
import { TemplateFault } from "../templates/fault.js";
import { parseTemplate } from "../templates/parse.js";
import { renderTemplate } from "../templates/render.js";
import type { Body } from "../templates/syntax.js";
import { findTurns, type Render } from "./chat-turns.js";
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
  /** Those of what was said, without what the template writes around it; empty where the turn does not hold it. */
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
    const { addGenerationPrompt = false } = options;
    const text = render(messages, addGenerationPrompt);
    const found = tokens(text, { addSpecialTokens: false });
    const turns = findTurns({ text, tokens: found, messages, render, addGenerationPrompt });
    return { ids: found.map(({ id }) => id), text, turns };
  };
}

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
