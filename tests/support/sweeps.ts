/** Sweeps over examples: all but those that take longest, or all with `MLXTERP_SWEEPS=all`. */

const overAll = process.env.MLXTERP_SWEEPS === "all";

/**
 * What a sweep goes over.
 *
 * @param long titles of those that are tried only where sweeps go over all
 * @throws Error when one of them is not among `all`
 */
export function sweep<T>(
  all: readonly T[],
  titleOf: (one: T) => string,
  long: readonly string[],
): readonly T[] {
  const titles = new Set(all.map(titleOf));
  const unknown = long.filter((title) => !titles.has(title));
  if (unknown.length > 0) throw new Error(`A sweep leaves out what is not there: ${unknown}`);
  return overAll ? all : all.filter((one) => !long.includes(titleOf(one)));
}
