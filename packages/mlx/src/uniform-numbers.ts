/** Random numbers that a seed determines. */
import { brief, InvalidArgumentError } from "@mlxterp/results/errors";

/**
 * Uniform numbers in [0, 1) from a 32-bit seed, the same on every machine (mulberry32, Tommy Ettinger 2017).
 *
 * @param seed of a larger one the last 32 bits
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) unless the seed is a whole number
 * @example
 * const draw = uniformNumbers(7);
 * const first = draw();
 */
export function uniformNumbers(seed: number): () => number {
  if (!Number.isInteger(seed)) {
    throw new InvalidArgumentError("seed", seed, `must be an integer, not ${brief(seed)}.`);
  }
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
