/** Sweeps of one claim over many models, methods or seeds: the first few, or all with `MLXTERP_SWEEPS=all`. */

const overAll = process.env.MLXTERP_SWEEPS === "all";

/**
 * What a sweep goes over: the first ones, which differ in kind; or all.
 *
 * @param first how many of `all` are tried by default
 */
export function sweep<T>(all: readonly T[], first: number): readonly T[] {
  return overAll ? all : all.slice(0, first);
}
