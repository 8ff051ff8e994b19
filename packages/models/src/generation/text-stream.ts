/** Turns tokens into text piece by piece, and notices stop strings before their beginning is given away. */
import type { Tokenizer } from "@mlxterp/core";

const replacement = "\uFFFD"; // what a decoder shows for a character whose bytes are not all there

/** Text out of one token more. */
export interface TextPiece {
  /** What can be given away now; empty while a character or a possible stop string is unfinished. */
  readonly text: string;
  /** Whether a stop string is complete; it and what follows are not in `text`. */
  readonly stopped: boolean;
}

/** Decodes one growing sequence. */
export class TextStream {
  /** Tokens whose text is out; kept, since a token's text may depend on the one before it. */
  private context: readonly number[];
  private pending: number[] = [];
  /** Decoded, but perhaps the beginning of a stop string. */
  private held = "";

  /**
   * @param tokenizer without one every piece is empty
   * @param prompt the ids before the first generated one
   * @param stops strings that end the text
   */
  constructor(
    private readonly tokenizer: Tokenizer | undefined,
    prompt: readonly number[],
    private readonly stops: readonly string[],
  ) {
    this.context = prompt.slice(-4); // enough for every decoder's view of the token before
  }

  push(token: number): TextPiece {
    this.held += this.decode(token);
    const found = this.stops.map((stop) => this.held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) return { text: this.held.slice(0, Math.min(...found)), stopped: true };
    const safe = this.held.length - this.unfinishedStop();
    const text = this.held.slice(0, safe);
    this.held = this.held.slice(safe);
    return { text, stopped: false };
  }

  /** What a token would add, as far as that can be told: its own piece where a character is unfinished. */
  preview(token: number): string {
    if (!this.tokenizer) return "";
    if (token >= this.tokenizer.vocabSize) return `<${token}>`;
    const seen = [...this.context, ...this.pending];
    const before = this.textOf(seen);
    const now = this.textOf([...seen, token]);
    const told = now.startsWith(before) && !now.endsWith(replacement);
    return told ? now.slice(before.length) : this.tokenizer.pieces([token])[0];
  }

  /** Whatever was held back, when the text ends for another reason. */
  flush(): string {
    const rest = this.held;
    this.held = "";
    return rest;
  }

  private decode(token: number): string {
    if (!this.tokenizer) return "";
    this.pending.push(token);
    const before = this.textOf(this.context);
    const now = this.textOf([...this.context, ...this.pending]);
    if (now.endsWith(replacement)) return "";
    this.context = this.pending;
    this.pending = [];
    return now.slice(before.length);
  }

  /** Rows of the embedding beyond the tokenizer's vocabulary have no text. */
  private textOf(ids: readonly number[]): string {
    const { tokenizer } = this;
    return tokenizer?.decode(ids.filter((id) => id < tokenizer.vocabSize)) ?? "";
  }

  /** The length of the longest end of the held text with which a stop string begins. */
  private unfinishedStop(): number {
    const lengths = this.stops.map((stop) => {
      let length = Math.min(stop.length - 1, this.held.length);
      while (length > 0 && !this.held.endsWith(stop.slice(0, length))) length--;
      return length;
    });
    return Math.max(0, ...lengths);
  }
}
