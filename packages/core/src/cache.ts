/** Activations that a run kept: arrays by canonical site name, with the tokens they belong to. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { DisposedError, UnknownSiteError } from "./errors.js";
import type { Site, SiteResolver } from "./sites/resolver.js";
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

/** What a cache is made from. */
export interface CacheParts {
  readonly activations: ReadonlyMap<string, MxArray>;
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
  readonly tokens: TokenBatch | undefined;
  readonly provenance: Provenance;

  constructor(private readonly parts: CacheParts) {
    this.activations = parts.activations;
    this.tokens = parts.tokens;
    this.provenance = parts.provenance;
  }

  /** @throws UnknownSiteError (`UNKNOWN_SITE`) with what the cache does hold */
  get(site: string): MxArray {
    const value = this.find(site);
    if (value) return value;
    throw new UnknownSiteError(site, this.keys().slice(0, 8), "It was not saved in this run.");
  }

  has(site: string): boolean {
    return this.find(site) !== undefined;
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

  /** A site with axes (batch, position, …) at each prompt's own last token: (batch, …). */
  last(site: string): MxArray {
    const value = this.get(site);
    return lastPositions(value, this.tokens?.lengths);
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

  private find(site: string): MxArray | undefined {
    const direct = this.open().get(site);
    if (direct) return direct;
    const call = /#\d+$/.exec(site)?.[0] ?? "";
    const sites: readonly Site[] = this.parts.resolver.resolve(site);
    return sites.length === 1 ? this.open().get(sites[0].name + call) : undefined;
  }

  private open(): ReadonlyMap<string, MxArray> {
    if (!this.activations) throw new DisposedError("cache");
    return this.activations;
  }
}

/**
 * The last real position of each row.
 *
 * @param value (batch, position, …)
 * @param lengths real tokens of each row; all of them when undefined
 * @returns (batch, …)
 */
export function lastPositions(value: MxArray, lengths: readonly number[] | undefined): MxArray {
  const [batch, width] = value.shape;
  if (lengths === undefined || lengths.every((length) => length === width)) {
    return mx.take(value, width - 1, 1);
  }
  const index = mx.array(
    lengths.map((length) => length - 1),
    mx.int32,
  );
  return value.index(mx.arange(0, batch, 1, mx.int32), index);
}
