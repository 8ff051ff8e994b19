/** A conversation's tokens with names for its parts: what each turn holds, and what was said in it. */

import { InvalidArgumentError } from "@mlxterp/mlx";
import {
  checkList,
  checkNumbers,
  checkRecord,
  checkText,
  checkWholeNumber,
} from "@mlxterp/results/errors";

interface Span {
  readonly start: number;
  readonly end: number;
}

/** What `applyChatTemplate` gives. */
export interface WrittenChat {
  readonly ids: readonly number[];
  readonly turns: readonly (Span & { readonly role: string; readonly content: Span })[];
}

/** The positions of one turn, as every method takes them. */
export interface TurnPositions {
  readonly role: string;
  /** All tokens of the turn, with what the template writes around it. */
  readonly all: readonly number[];
  /** Those of what was said. */
  readonly content: readonly number[];
  /** The last token of the turn. */
  readonly last: number;
}

/** A conversation as prompts and positions. */
export interface Conversation {
  /** To be used as a prompt. */
  readonly ids: readonly number[];
  readonly count: number;
  /** @param index from 0, negative from the end */
  turn(index: number): TurnPositions;
}

/**
 * Names the parts of a written conversation.
 *
 * @param chat what the tokenizer's `applyChatTemplate` gives
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) from `turn` for one that does not exist
 * @example
 * const said = { start: 1, end: 3 };
 * const chat = { ids: [1, 467, 223, 384], turns: [{ role: "user", start: 0, end: 4, content: said }] };
 * const talk = conversation(chat);
 * talk.turn(0).content; // [1, 2]
 * await logitLens(model, talk.ids, { positions: talk.turn(0).content });
 */
export function conversation(chat: WrittenChat): Conversation {
  checkChat(chat);
  const { ids, turns } = chat;
  const positions = ({ start, end }: Span) =>
    Array.from({ length: end - start }, (_, at) => start + at);
  return {
    ids,
    count: turns.length,
    turn(index) {
      const found = turns.at(index);
      if (!Number.isInteger(index) || !found || index < -turns.length) {
        throw new InvalidArgumentError(
          "index",
          index,
          `there are ${turns.length} turns, from 0 on.`,
        );
      }
      const { role, start, end, content } = found;
      return { role, all: positions({ start, end }), content: positions(content), last: end - 1 };
    },
  };
}

function checkChat(chat: unknown): void {
  checkRecord("chat", chat);
  const { ids, turns } = chat as WrittenChat;
  checkNumbers("chat.ids", ids);
  checkList("chat.turns", turns);
  for (const [index, turn] of turns.entries()) {
    const at = `chat.turns[${index}]`;
    checkRecord(at, turn);
    checkText(`${at}.role`, turn.role);
    checkSpan(at, turn, ids.length);
    checkRecord(`${at}.content`, turn.content);
    checkSpan(`${at}.content`, turn.content, ids.length);
  }
}

function checkSpan(at: string, { start, end }: Span, length: number): void {
  checkWholeNumber(`${at}.start`, start);
  checkWholeNumber(`${at}.end`, end);
  if (start <= end && end <= length) return;
  const rule = `goes from ${start} to ${end}, and there are ${length} tokens.`;
  throw new InvalidArgumentError(at, [start, end], rule);
}
