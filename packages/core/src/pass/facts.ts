/** What a pass tells each intervention about itself. */
import type { TokenBatch } from "../tokens/tokens.js";

export interface PassFacts {
  /** Undefined when the input is not tokens. */
  readonly tokens: TokenBatch | undefined;
  /** The absolute position of the first token. */
  readonly offset: number;
  /** The generation step; undefined outside generation. */
  readonly step: number | undefined;
}
