/** The kinds of heads that are told by where they look, as targets for each query. */

/** In the order of ties: the more specific first. */
export const headKinds = [
  "induction",
  "duplicateToken",
  "previousToken",
  "currentToken",
  "firstToken",
] as const;

/**
 * - `previousToken`: looks at the position before (Elhage et al. 2021, "A Mathematical Framework for Transformer Circuits")
 * - `duplicateToken`: looks at an earlier copy of the same token (Wang et al. 2022, arXiv 2211.00593)
 * - `induction`: looks at what followed an earlier copy (Olsson et al. 2022, arXiv 2209.11895)
 * - `firstToken`: looks at the first position, the sink of heads with nothing to do (Xiao et al. 2023, arXiv 2309.17453)
 * - `currentToken`: looks at its own position
 */
export type HeadKind = (typeof headKinds)[number];

/** Whether a head of a kind looks from `query` to `key`, 0 ≤ key ≤ query, in a prompt of these ids. */
export type HeadTargets = (query: number, key: number, ids: readonly number[]) => boolean;

/**
 * Whether a head of a kind looks from `query` to `key`, 0 ≤ key ≤ query.
 * The first query sees only itself and counts for no kind.
 */
const headTargets: Readonly<Record<HeadKind, HeadTargets>> = {
  induction: (query, key, ids) => key > 0 && key < query && ids[key - 1] === ids[query],
  duplicateToken: (query, key, ids) => key < query && ids[key] === ids[query],
  previousToken: (query, key) => key === query - 1,
  currentToken: (query, key) => key === query,
  firstToken: (_query, key) => key === 0,
};

/** Kinds with their targets, in the order of ties: those of one's own, then the built-in ones. */
export function allKinds(
  own: Readonly<Record<string, HeadTargets>> = {},
): readonly (readonly [name: string, targets: HeadTargets])[] {
  const builtIn = headKinds.filter((kind) => !Object.hasOwn(own, kind));
  return [...Object.entries(own), ...builtIn.map((kind) => [kind, headTargets[kind]] as const)];
}
