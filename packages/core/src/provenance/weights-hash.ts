/** One hash for all weights of a model: that of its files, or of what is in memory. */
import { createHash } from "node:crypto";
import { arraySampling, dtypeName, hashArrays, isFloating, type MxArray } from "@mlxterp/mlx";
import type { WeightsHash } from "@mlxterp/results";
import type { originOf } from "./model-origin.js";

/**
 * Cheap: of files, what the loader hashed; arrays are hashed once and remembered. Any exchanged array counts, and any that
 * was written to.
 *
 * @param noted where the weights were loaded from, if they were
 */
export function weightsHash(
  parameters: ReadonlyMap<string, MxArray>,
  noted: ReturnType<typeof originOf>,
): WeightsHash {
  if (!noted) return { hash: digest("", [...hashArrays(parameters)]), how: arraySampling };
  const { origin, changed } = noted;
  const { hash, how } = origin.weights;
  if (changed.length === 0) return { hash, how };
  const present = changed.flatMap((name): [string, MxArray][] => {
    const array = parameters.get(name);
    return array ? [[name, array]] : [];
  });
  const gone = changed.filter((name) => !parameters.has(name));
  const lines: [string, string][] = [
    ...hashArrays(present),
    ...gone.map((name): [string, string] => [name, "gone"]),
  ];
  return { hash: digest(hash, lines), how: `${how}; of what was changed since: ${arraySampling}` };
}

function digest(start: string, lines: readonly (readonly [string, string])[]): string {
  const hash = createHash("sha256").update(start);
  for (const [name, of] of lines.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${name} ${of}\n`);
  }
  return hash.digest("hex");
}

/** The floating dtype that most weights have; undefined where there are none. */
export function weightsDtype(parameters: ReadonlyMap<string, MxArray>): string | undefined {
  const counts = new Map<string, number>();
  for (const { dtype, size } of parameters.values()) {
    if (!isFloating(dtype)) continue;
    const name = dtypeName(dtype);
    counts.set(name, (counts.get(name) ?? 0) + size);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}
