/** What a model was fed, token by token, and what was asked about it. */

/** A token with its text. */
export interface TokenText {
  readonly id: number;
  readonly text: string;
}

/** One prompt exactly as the model received it. */
export interface Fed {
  /** `prompt`, `clean`, `corrupted`; `random` for tokens that the method drew itself. */
  readonly role: string;
  readonly ids: readonly number[];
  /** The piece of text behind each id; the id itself where there is no tokenizer. */
  readonly pieces: readonly string[];
  readonly answer?: TokenText;
  readonly wrongAnswer?: TokenText;
  /** Positions that a user marked as standing for those of the other prompt; `to` is excluded. */
  readonly spans?: readonly (readonly [from: number, to: number])[];
}
