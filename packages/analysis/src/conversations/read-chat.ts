/** A conversation, however it was given: messages, a file of them, token ids with turns, or a prompt in which a token ends each. */
import { readFileSync } from "node:fs";
import type { Prompt } from "@mlxterp/core";
import { CorruptFileError, InvalidArgumentError, withFile } from "@mlxterp/mlx";
import { z } from "zod";
import type { AnalysisModel } from "../shared/model.js";
import { promptIds, promptList, textOf } from "../shared/prompts.js";
import type { WrittenChat } from "./conversation.js";
import { type AskedTurns, messageList } from "./options.js";

type Messages = z.infer<typeof messageList>;
type Given = Pick<AskedTurns, "messages" | "file" | "turns" | "ends" | "against">;

/** A conversation, and the tokens of the one that it is compared with. */
export interface ReadChat {
  readonly chat: WrittenChat;
  readonly against: readonly number[] | undefined;
}

/**
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for no conversation, several, or turns that do not follow each other inside of it;
 *   ChatTemplateError (`CHAT_TEMPLATE`); CorruptFileError (`CORRUPT_FILE`), FileAccessError (`FILE_ACCESS`)
 */
export function readChat(model: AnalysisModel, input: Prompt | undefined, given: Given): ReadChat {
  const file = given.file === undefined ? undefined : readFile(given.file);
  const messages = given.messages ?? file?.messages;
  const against = given.against ?? file?.against;
  const chat = messages ? written(model, messages) : ofPrompt(model, input, given);
  checkTurns(chat);
  return { chat, against: against === undefined ? undefined : againstIds(model, against) };
}

const fileSchema = z.union([
  messageList.transform((messages) => ({ messages, against: undefined })),
  z.strictObject({ messages: messageList, against: messageList.optional() }),
]);

function readFile(file: string) {
  const source = withFile(file, () => readFileSync(file, "utf8"));
  let data: unknown;
  try {
    data = JSON.parse(source);
  } catch (cause) {
    throw new CorruptFileError(file, "it is no JSON", { cause });
  }
  const found = fileSchema.safeParse(data);
  if (found.success) return found.data;
  throw new CorruptFileError(file, "it holds no list of { role, content }, nor { messages, against } of such lists"); // biome-ignore format: one error
}

interface WritesChats {
  applyChatTemplate(messages: Messages, options: { addGenerationPrompt: boolean }): WrittenChat;
}

function written(model: AnalysisModel, messages: Messages): WrittenChat {
  const tokenizer = model.tokenizer as Partial<WritesChats> | undefined;
  if (!tokenizer?.applyChatTemplate) {
    const rule = "this model's tokenizer writes no conversations; give token ids with { turns }.";
    throw new InvalidArgumentError("messages", messages.length, rule);
  }
  return tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
}

function ofPrompt(
  model: AnalysisModel,
  input: Prompt | undefined,
  { turns, ends }: Given,
): WrittenChat {
  if (input === undefined) {
    throw new InvalidArgumentError("messages", undefined, "no conversation is given: give messages, a file of them, or a prompt with { turns } or { ends }."); // biome-ignore format: one error
  }
  const [ids, ...more] = promptIds(model, promptList(model, input));
  if (more.length > 0) {
    throw new InvalidArgumentError("input", more.length + 1, "one conversation at a time.");
  }
  if (turns) {
    return { ids, turns: turns.map(({ content, ...turn }) => ({ ...turn, content: content ?? { start: turn.start, end: turn.end } })) }; // biome-ignore format: one object
  }
  if (ends !== undefined) return { ids, turns: endedBy(model, ids, ends) };
  const rule =
    "says nothing of its turns: give { turns }, { ends }, or the conversation as { messages }.";
  throw new InvalidArgumentError("input", textOf(model, ids).join(""), rule);
}

/** Turns that a token ends; what comes after the last of them is the answer's. */
function endedBy(model: AnalysisModel, ids: readonly number[], ends: string) {
  const last = textOf(model, ids).flatMap((text, at) => (text.trim() === ends ? [at] : []));
  if (last.length === 0) {
    throw new InvalidArgumentError("ends", ends, "is none of the prompt's tokens.");
  }
  return last.map((at, index) => {
    const start = index === 0 ? 0 : last[index - 1] + 1;
    return { role: "turn", start, end: at + 1, content: { start, end: at } };
  });
}

function checkTurns({ ids, turns }: WrittenChat): void {
  let end = 0;
  for (const { role, start, end: own, content } of turns) {
    const inside = content.start >= start && content.start <= content.end && content.end <= own;
    if (start < end || start >= own || own > ids.length || !inside) {
      const rule = `"${role}" from ${start} to ${own} does not follow what is before it, inside of ${ids.length} tokens.`;
      throw new InvalidArgumentError("turns", { start, end: own }, rule);
    }
    end = own;
  }
}

function againstIds(
  model: AnalysisModel,
  against: NonNullable<AskedTurns["against"]>,
): readonly number[] {
  if (typeof against === "string") return promptIds(model, [against])[0];
  return isMessages(against) ? written(model, against).ids : promptIds(model, [against])[0];
}

function isMessages(given: readonly unknown[]): given is Messages {
  return typeof given[0] === "object";
}
