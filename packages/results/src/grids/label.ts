/** What stands at a place of an axis: a number, a word, or a token. */
import { brief } from "../errors/brief.js";
import { InvalidArgumentError } from "../errors/invalid-argument.js";
import { visibleToken } from "../text/visible-token.js";

/** A token as a place of an axis. */
export interface TokenLabel {
  readonly id: number;
  readonly text: string;
  /** Absolute, in its prompt. */
  readonly position: number;
}

/** Whether a value can stand at a place of an axis. */
export function isLabel(value: unknown): value is Label {
  if (typeof value === "number" || typeof value === "string") return true;
  const { text, position } = (value ?? {}) as Partial<TokenLabel>;
  return typeof text === "string" && typeof position === "number";
}

function checkLabel(label: unknown): void {
  if (isLabel(label)) return;
  const rule = `must be a number, a text, or a token with its text and position, not ${brief(label)}.`;
  throw new InvalidArgumentError("label", label, rule);
}

/** A layer or head is its number, a kind of head its word, a position its token. */
export type Label = number | string | TokenLabel;

/**
 * A label as it is read, tokens with everything visible.
 *
 * @example
 * labelText({ id: 7, text: " Mary", position: 1 }); // "·Mary"
 */
export function labelText(label: Label): string {
  checkLabel(label);
  return typeof label === "object" ? visibleToken(label.text) : `${label}`;
}

/**
 * What a label counts as when a grid is asked for a place: a token stands for its position.
 *
 * @example
 * labelKey({ id: 7, text: " Mary", position: 1 }); // 1
 */
export function labelKey(label: Label): number | string {
  checkLabel(label);
  return typeof label === "object" ? label.position : label;
}
