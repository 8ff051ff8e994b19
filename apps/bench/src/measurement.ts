/** What a measurement is: lines of a table, printed as they come. */

/** One line: what was measured, its value, and what it should be. */
export interface Line {
  readonly what: string;
  readonly value: string;
  readonly goal?: string;
}

/** How long and how often. */
export interface Settings {
  /** Tokens of a plain pass. */
  readonly tokens: number;
  /** Rounds of alternatives in turn. */
  readonly rounds: number;
}

export type Measurement = (settings: Settings) => AsyncIterable<Line>;
