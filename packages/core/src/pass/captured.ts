/** Values that a pass kept, and their names. */
import type { MxArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { Site } from "../sites/site.js";

/** One value of one site. */
export interface Captured {
  /** Which call of the module it belongs to. */
  readonly call: number;
  /** Under a handle of its own: changing it in place reaches nobody else. */
  readonly value: MxArray;
}

/** Names for a site's values: the plain name for a single call, `name#0`, `name#1` for several. */
export function named(
  site: Site,
  values: readonly Captured[],
): [name: string, value: MxArray][] {
  const several = values.length > 1 || site.call !== undefined;
  return values.map(({ call, value }) => [several ? `${site.name}#${call}` : site.name, value]);
}

export function notReached({ name, call }: Site): SiteNotReachedError {
  return new SiteNotReachedError(
    name,
    call === undefined
      ? "its module was not called, or only through a variable that no pass can see."
      : `call #${call} did not happen.`,
  );
}
