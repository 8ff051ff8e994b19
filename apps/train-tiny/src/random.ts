/** A small seeded generator of random numbers (sfc32), the same on every machine. */

/** A stream of random choices; two streams with one seed give the same choices. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, size). */
  below(size: number): number;
  /** One element of a list. */
  pick<T>(list: readonly T[]): T;
  /** `count` different elements of a list, in random order. */
  sample<T>(list: readonly T[], count: number): T[];
}

/** A 32-bit hash of a text (FNV-1a, then an avalanche so that low bits depend on every letter). */
export function hash(text: string): number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  }
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** Chris Doty-Humphrey's sfc32 (PractRand): 128 bits of state, passes the usual statistical batteries. */
function sfc32(seed: string): () => number {
  let a = hash(`${seed}/a`) | 0;
  let b = hash(`${seed}/b`) | 0;
  let c = hash(`${seed}/c`) | 0;
  let counter = 1;
  const next = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let warmUp = 0; warmUp < 12; warmUp++) next();
  return next;
}

/**
 * Makes a stream of random choices.
 *
 * @param seed any text; streams for different purposes take different ones, such as `"7/train"`
 * @example
 * seededRandom("7/train").pick(["a", "b", "c"]);
 */
export function seededRandom(seed: string): Random {
  const next = sfc32(seed);
  const below = (size: number) => Math.floor(next() * size);
  return {
    next,
    below,
    pick: (list) => list[below(list.length)],
    sample(list, count) {
      const rest = [...list];
      return Array.from({ length: count }, () => {
        const index = below(rest.length);
        const [chosen] = rest.splice(index, 1);
        return chosen;
      });
    },
  };
}
