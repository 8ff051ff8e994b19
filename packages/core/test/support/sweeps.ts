/** How many random cases a property is tried on. */

/** Some, or as many as `npm run test:all` and `.ci/run` try, with `MLXTERP_SWEEPS=all`; `MLXTERP_FUZZ_RUNS=5000` for a long run. */
export function randomRuns({ some, all }: { readonly some: number; readonly all: number }): number {
  const usual = process.env.MLXTERP_SWEEPS === "all" ? all : some;
  return Number(process.env.MLXTERP_FUZZ_RUNS ?? usual);
}
