/** The way round modules whose own code cannot run on a stand-in: their children are exchanged for a moment. */
import type { Module } from "@mlxterp/mlx";

/**
 * Puts stand-ins in the place of a module's children while `use` runs; the children are back afterwards,
 * whatever happens. Forwards are synchronous, so nobody else sees the module meanwhile.
 */
export function withSubstitutedChildren<T>(
  module: Module,
  standIns: readonly (readonly [key: string, standIn: unknown])[],
  use: () => T,
): T {
  const target = module as unknown as Record<string, unknown>;
  const before = standIns.map(([key, standIn]) => ({ key, standIn, original: target[key] }));
  try {
    for (const { key, standIn } of before) target[key] = standIn;
    return use();
  } finally {
    for (const { key, standIn, original } of before) {
      if (target[key] === standIn) target[key] = original; // else the module's own code has put another in
    }
  }
}
