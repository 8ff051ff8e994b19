/** One site of an open trace, at run time. */
import type { MxArray } from "@mlxterp/mlx";
import { shown } from "../shown.js";
import type { SiteValue } from "../typed-sites/views.js";

/** What site values read from: an open trace. */
export interface ValueSource {
  value(site: string): MxArray;
  save(site: string): MxArray;
}

/** Reads on demand, so that a view costs nothing until it is used. */
export class TracedSite implements SiteValue {
  readonly #source: ValueSource;

  /** @param site the canonical name, with `#call` where one call is meant */
  constructor(
    source: ValueSource,
    readonly site: string,
  ) {
    this.#source = source;
  }

  get value(): MxArray {
    return this.#source.value(this.site);
  }

  get shape(): number[] {
    return this.value.shape;
  }

  save(): MxArray {
    return this.#source.save(this.site);
  }

  toString(): string {
    return `[site ${this.site}]`;
  }

  [shown](): string {
    return this.toString();
  }
}
