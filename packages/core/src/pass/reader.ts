/** Reads the values of a pass by the names of their sites. */
import { InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { SiteNotReachedError } from "../errors.js";
import type { SiteResolver } from "../sites/resolver.js";
import type { Selector } from "../sites/selector.js";
import { type Site, siteLabel } from "../sites/site.js";
import type { Interceptor } from "./interceptor.js";
import type { Captured, Pass } from "./pass.js";

export class SiteReader {
  constructor(
    private readonly pass: Pass,
    private readonly interceptor: Interceptor,
    private readonly resolver: SiteResolver,
  ) {}

  get notes(): readonly string[] {
    return this.pass.notes;
  }

  /**
   * The one site that a name means.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidArgumentError (`INVALID_ARGUMENT`) where it means several
   */
  site(name: string): Site {
    const sites = this.resolver.resolve(name);
    if (sites.length === 1) return sites[0];
    throw new InvalidArgumentError(
      "site",
      name,
      `"${name}" names ${sites.length} sites (${sites[0].name}, ${sites[1].name}, …); keep them with saveAll.`,
    );
  }

  /** The value of a module's only call, or of the call that the site names. */
  one(site: Site): MxArray {
    const values = this.read(site);
    if (values.length === 1) return values[0].value;
    if (values.length === 0) throw notReached(site);
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
    return selectors
      .flatMap((selector) => this.resolver.resolve(selector))
      .flatMap((site) => {
        const values = this.read(site);
        const several = values.length > 1 || site.call !== undefined;
        return values.map(({ call, value }): [string, MxArray] => [
          several ? siteLabel(site.name, call) : site.name,
          value,
        ]);
      });
  }

  /** Lets go of every value. */
  release(): void {
    this.pass.release();
  }

  private read(site: Site): Captured[] {
    const values = this.interceptor.outside(() => this.pass.read(site));
    if (values.length === 0 && site.exact) throw notReached(site);
    return values;
  }
}

function notReached({ name, call }: Site): SiteNotReachedError {
  return new SiteNotReachedError(
    name,
    call === undefined
      ? "its module was not called, or only through a variable that no pass can see."
      : `call #${call} did not happen.`,
  );
}
