/**
 * A random order of any number of rows, in constant memory: each place in the order is computed when it is asked for.
 *
 * A Feistel network permutes the numbers below the next power of four; numbers outside the range are sent through
 * again until they fall inside ("cycle walking"), which keeps it a permutation. Source: Black and Rogaway, "Ciphers
 * with Arbitrary Finite Domains", CT-RSA 2002, sections 4 and 5; the round function is MurmurHash3's finalizer.
 */

const rounds = 12; // short halves mix slowly: with fewer, small permutations are visibly uneven

/**
 * @param size how many; up to 2^52
 * @returns the row at a place; over all places each row comes once
 */
export function permutation(size: number, seed: number): (place: number) => number {
  const half = Math.max(1, Math.ceil(Math.log2(Math.max(size, 2)) / 2));
  const span = 2 ** half;
  const keys = Array.from({ length: rounds }, (_, round) => mix(mix(seed) ^ mix(round + 1)));
  const once = (value: number): number => {
    let left = Math.floor(value / span);
    let right = value % span;
    for (const key of keys) [left, right] = [right, left ^ (mix(right ^ key) & (span - 1))];
    return left * span + right;
  };
  return (place) => {
    let value = once(place);
    while (value >= size) value = once(value);
    return value;
  };
}

/** A seed for one of several permutations. */
export function seedOf(seed: number, epoch: number): number {
  return mix(mix(seed ^ 0x9e3779b9) + epoch);
}

function mix(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}
