/** Activations that a run kept: arrays by canonical site name, with the tokens they belong to. */
import { InvalidArgumentError, type MxArray } from "@mlxterp/mlx";
import { positionAxis } from "./axes-of.js";
import { DisposedError, UnknownSiteError } from "./errors.js";
import { lastPositions } from "./positions.js";
import type { SiteResolver } from "./sites/resolver.js";
import { type Site, siteLabel } from "./sites/site.js";
import type { TokenBatch } from "./tokens.js";

/** Where activations come from; kept with every result. */
export interface Provenance {
  /** The model's name: hub id, folder or class. */
  readonly model: string;
  /** The ids that were fed, without padding; undefined when the input was not tokens. */
  readonly tokens: readonly (readonly number[])[] | undefined;
  /** The selectors that interventions acted on. */
  readonly interventions: readonly string[];
}

/** What a cache knows besides its arrays. */
export interface CacheFacts {
  readonly resolver: SiteResolver;
  readonly tokens: TokenBatch | undefined;
  readonly provenance: Provenance;
}

/**
 * Computed activations of one run. Names may be asked for in every accepted spelling.
 *
 * @example
 * const cache = await model.run("The capital of France is", { save: ["layers.*"] });
 * cache.get("layers.3").shape;      // [1, 6, 128]
 * cache.last("blocks.3.hook_resid_post"); // (batch, hidden): each prompt's own last token
 */
export class ActivationCache implements Disposable, Iterable<[site: string, value: MxArray]> {
  private activations: ReadonlyMap<string, MxArray> | undefined;
  private readonly resolver: SiteResolver;
  readonly tokens: TokenBatch | undefined;
  readonly provenance: Provenance;

  constructor(activations: ReadonlyMap<string, MxArray>, facts: CacheFacts) {
    this.activations = activations;
    this.resolver = facts.resolver;
    this.tokens = facts.tokens;
    this.provenance = facts.provenance;
  }

  /** @throws UnknownSiteError (`UNKNOWN_SITE`) with what the cache does hold, DisposedError (`DISPOSED`) */
  get(site: string): MxArray {
    const value = this.open().get(site) ?? this.open().get(this.canonical(site));
    if (value) return value;
    const calls = this.keys().filter((key) => key.startsWith(`${this.canonical(site)}#`));
    const held = calls.length > 0 ? calls : this.keys();
    throw new UnknownSiteError(site, held.slice(0, 8), "It was not saved in this run.");
  }

  /** Whether a site was saved; false for names that the model does not have. */
  has(site: string): boolean {
    return this.open().has(site) || this.open().has(this.canonical(site));
  }

  /** Canonical names, in the order of the selectors. */
  keys(): string[] {
    return [...this.open().keys()];
  }

  entries(): [site: string, value: MxArray][] {
    return [...this.open().entries()];
  }

  [Symbol.iterator](): Iterator<[site: string, value: MxArray]> {
    return this.open().entries();
  }

  /** The number of activations. */
  get size(): number {
    return this.open().size;
  }

  /** Bytes that the activations take. */
  get nbytes(): number {
    return [...this.open().values()].reduce((sum, array) => sum + array.nbytes, 0);
  }

  /**
   * A site's values at each prompt's own last token: its axes without the one for positions.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), MissingAxisError (`MISSING_AXIS`) for a site without positions
   */
  last(site: string): MxArray {
    const value = this.get(site);
    const axis = positionAxis(this.siteOf(site), value, this.tokens?.array.shape[1]);
    return lastPositions(value, this.tokens?.lengths, axis);
  }

  /** Which axis of a site's value holds positions. @throws MissingAxisError (`MISSING_AXIS`) when there is none */
  positionAxis(site: string): number {
    return positionAxis(this.siteOf(site), this.get(site), this.tokens?.array.shape[1]);
  }

  /** Lets go of the arrays. */
  dispose(): void {
    this.activations = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Shapes and provenance, for logs; the numbers stay on the device. */
  toJSON(): { provenance: Provenance; activations: Record<string, number[]> } {
    return {
      provenance: this.provenance,
      activations: Object.fromEntries(this.entries().map(([site, value]) => [site, value.shape])),
    };
  }

  private siteOf(name: string): Site {
    const sites = this.resolver.resolve(name);
    if (sites.length === 1) return sites[0];
    throw new InvalidArgumentError("site", name, `"${name}" names ${sites.length} sites, not one.`);
  }

  /** The name under which a site would be held. */
  private canonical(name: string): string {
    try {
      const { name: site, call } = this.siteOf(name);
      return siteLabel(site, call);
    } catch (error) {
      if (error instanceof UnknownSiteError || error instanceof InvalidArgumentError) return name;
      throw error;
    }
  }

  private open(): ReadonlyMap<string, MxArray> {
    if (!this.activations) throw new DisposedError("cache");
    return this.activations;
  }
}
