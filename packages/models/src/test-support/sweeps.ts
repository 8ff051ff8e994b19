/** Sweeps of one claim over many families, seeds or examples: a chosen few, or all with `MLXTERP_SWEEPS=all`. */

/** As `npm run test:all` and `.ci/run` ask. */
const overAll = process.env.MLXTERP_SWEEPS === "all";

/**
 * What a sweep goes over: those chosen, which differ in kind; or all.
 *
 * @throws Error when a chosen name is none of `all`, so that no sweep becomes smaller unseen
 */
export function sweep<T extends { readonly name: string }>(
  all: readonly T[],
  chosen: readonly string[],
): readonly T[] {
  const unknown = chosen.filter((name) => !all.some((one) => one.name === name));
  if (unknown.length > 0) throw new Error(`A sweep chooses what is not there: ${unknown}`);
  return overAll ? all : all.filter(({ name }) => chosen.includes(name));
}

/** How many random cases a claim is tried on: some, or as many as sweeps over all try. */
export const randomCases = ({ some, all }: { readonly some: number; readonly all: number }) =>
  overAll ? all : some;
