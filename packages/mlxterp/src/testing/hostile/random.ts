/** Random choices that a seed repeats. */

/** A source of choices. */
export interface Random {
  /** From 0, `below` excluded. */
  below(count: number): number;
  pick<T>(list: readonly T[]): T;
}

/** Mulberry32: the same choices for the same seed, on every machine. */
export function seeded(seed: number): Random {
  let state = (seed + 1) * 0x9e3779b9;
  const below = (count: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * count);
  };
  return { below, pick: (list) => list[below(list.length)] };
}
