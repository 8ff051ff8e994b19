/** Where the two copies of a prompt are. */
import { InvalidArgumentError } from "@mlxterp/results";

/** A prompt of the form `[start] r r`. */
export interface Copied {
  readonly ids: readonly number[];
  /** Tokens of one copy. */
  readonly length: number;
}

/**
 * The longest end of a prompt that says the same twice.
 *
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for a prompt that says nothing twice, of at least two tokens
 */
export function findCopies(ids: readonly number[]): Copied {
  const size = ids.length;
  for (let length = Math.floor(size / 2); length >= 2; length--) {
    const same = ids
      .slice(size - length)
      .every((id, index) => ids[size - 2 * length + index] === id);
    if (same) return { ids, length };
  }
  const rule = "a prompt must end with the same tokens twice, at least two of them.";
  throw new InvalidArgumentError("prompt", ids, rule);
}
