/** What a reader finds at a site, with the name it goes by. */
import type { MxArray } from "@mlxterp/mlx";
import type { Site } from "../sites/site.js";

/** A value of a site that is being captured. */
export interface FoundSite {
  /** The canonical name, with `#call` where its module was called several times. */
  readonly name: string;
  readonly site: Site;
  /** Set where the name has a `#call`. */
  readonly call: number | undefined;
  readonly value: MxArray;
  /** Grows in the order in which values come about during the forward. */
  readonly order: number;
}
