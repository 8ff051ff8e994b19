/** The error of whoever asks a result for a kind that it does not hold. */
import { type Grids, InvalidArgumentError } from "@mlxterp/results";
import { brief } from "@mlxterp/results/errors";

/** With the kinds that there are. */
export function notThere(kind: unknown, grids: Grids): InvalidArgumentError {
  const kinds = Object.keys(grids).filter((name) => /^[a-z]+(Mid)?$/.test(name) && grids[name]);
  const rule = `${brief(kind)} is not in this result; there are ${kinds.join(", ")}.`;
  return new InvalidArgumentError("kind", kind, rule);
}
