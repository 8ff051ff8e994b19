/** What is on the desk: the model, the prompts, and what is changed. Plain data, kept whole in each line of the history. */
import type { Change } from "../changes/change.js";

/** One turn of a chat. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A prompt as it is written. */
export interface Prompt {
  readonly mode: "text" | "chat";
  readonly text: string;
  readonly messages: readonly Message[];
}

/** Everything that a run depends on but the method and its options. */
export interface Desk {
  /** Id of the model; empty before one is chosen. */
  readonly model: string;
  readonly prompt: Prompt;
  /** The other prompt of a pair. */
  readonly other: string;
  readonly changes: readonly Change[];
}

/** What one prompt is to the server: a text, turns of a chat, or token ids. */
export type Input = string | readonly number[] | readonly Message[];

/** A prompt as it is sent. */
export function inputOf({ mode, text, messages }: Prompt): string | readonly Message[] {
  return mode === "chat" ? messages.filter(({ content }) => content !== "") : text;
}

/** Whether there is nothing to run. */
export function isBlank(prompt: Prompt): boolean {
  return inputOf(prompt).length === 0;
}
