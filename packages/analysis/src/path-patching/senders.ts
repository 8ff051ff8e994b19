/** From names such as `a0.h1`, `m0` and `input` to components that write. */
import { InvalidArgumentError } from "@mlxterp/mlx";
import { didYouMean } from "@mlxterp/results";
import type { ComponentGraph } from "../graph/graph.js";

/** Components that send together: their numbers among the sources of the graph. */
export type Senders = readonly number[];

/** Every head by itself, layer by layer. */
export function eachHead({ sources }: ComponentGraph): Senders[] {
  return sources.flatMap(({ kind }, index) => (kind === "head" ? [[index]] : []));
}

/** @throws InvalidArgumentError (`INVALID_ARGUMENT`) with the nearest name */
export function sendersOf(
  { sources }: ComponentGraph,
  sets: readonly (string | readonly string[])[],
): Senders[] {
  const known = sources.map(({ name }) => name);
  return sets.map((set) =>
    [...new Set([set].flat())].map((name) => {
      const index = known.indexOf(name);
      if (index >= 0) return index;
      const rule = `"${name}" writes nothing here. ${didYouMean(name, known)}Senders are input, a0.h0 …, and m0 ….`;
      throw new InvalidArgumentError("senders", name, rule);
    }),
  );
}
