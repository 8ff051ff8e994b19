/** Reads the values of a pass by the names of their sites. */
import { InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { SiteResolver } from "../sites/resolver.js";
import type { Selector } from "../sites/selector.js";
import { type Site, siteLabel } from "../sites/site.js";
import type { FoundSite } from "./found-site.js";

import type { Interceptor } from "./interceptor.js";
import type { Captured, Pass } from "./pass.js";

/** The part of a value that a reader shows. */
export type Narrowing = (site: Site, captured: Captured) => MxArray;

/**
 * The one site that a name means.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidArgumentError (`INVALID_ARGUMENT`) where it means several
 */
export function oneSite(resolver: SiteResolver, name: string): Site {
  const sites = resolver.resolve(name);
  if (sites.length === 1) return sites[0];
  throw new InvalidArgumentError(
    "site",
    name,
    `"${name}" names ${sites.length} sites (${sites[0].name}, ${sites[1].name}, …); keep them with saveAll.`,
  );
}

export class SiteReader {
  constructor(
    private readonly pass: Pass,
    private readonly interceptor: Interceptor,
    private readonly resolver: SiteResolver,
    private readonly narrow?: Narrowing,
  ) {}

  /** A reader of the same pass that shows a part of each value. */
  narrowed(narrow: Narrowing): SiteReader {
    return new SiteReader(this.pass, this.interceptor, this.resolver, narrow);
  }

  get notes(): readonly string[] {
    return this.pass.notes;
  }

  /** About how many bytes the forward makes; infinite where that is not known. */
  get bytes(): number {
    return this.pass.size.bytes;
  }

  /** See `oneSite`. */
  site(name: string): Site {
    return oneSite(this.resolver, name);
  }

  /** The value of a module's only call, or of the call that the site names. */
  one(site: Site): MxArray {
    const values = this.read(site);
    if (values.length === 1) return values[0].value;
    if (values.length === 0) throw this.notReached(site);
    throw new SiteNotReachedError(
      site.name,
      `its module was called ${values.length} times; choose ${site.name}#0 … ${site.name}#${values.length - 1}.`,
    );
  }

  /**
   * The values of all sites that match: under the plain name for a single call, `name#0`, `name#1` for several.
   *
   * @throws SiteNotReachedError (`SITE_NOT_REACHED`) for a site that was named exactly, but not called
   */
  all(selectors: readonly Selector[]): [name: string, value: MxArray][] {
    return this.found(selectors).map(({ name, value }): [string, MxArray] => [name, value]);
  }

  /** Like `all`, with all that is known about each value. */
  found(selectors: readonly Selector[]): FoundSite[] {
    return selectors
      .flatMap((selector) => this.resolver.resolve(selector))
      .flatMap((site) => {
        const values = this.read(site);
        const several = values.length > 1 || site.call !== undefined;
        return values.map(({ call, ...captured }): FoundSite => {
          const name = several ? siteLabel(site.name, call) : site.name;
          return { ...captured, name, site, call: several ? call : undefined };
        });
      });
  }

  /** Lets go of every value. */
  release(): void {
    this.pass.release();
  }

  /** See `Pass.glance`. */
  glance(site: Site): Pick<Captured, "call" | "value">[] {
    return this.interceptor.outside(() => this.pass.glance(site));
  }

  /** The values of a site, one for each call. */
  read(site: Site): Captured[] {
    const values = this.interceptor.outside(() => this.pass.read(site));
    if (values.length === 0 && (site.exact || this.pass.running)) throw this.notReached(site);
    const { narrow } = this;
    return narrow ? values.map((found) => ({ ...found, value: narrow(site, found) })) : values;
  }

  private notReached({ name, call }: Site): SiteNotReachedError {
    const reason = this.pass.running
      ? "the forward has not come so far. An intervention may read what is computed before its own site, and of its own site what prompts invoked earlier have there."
      : call === undefined
        ? "its module was not called, or only through a variable that no pass can see."
        : `call #${call} did not happen.`;
    return new SiteNotReachedError(name, reason);
  }
}
