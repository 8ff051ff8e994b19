/** Activations that a run kept: values by canonical site name, with the tokens they belong to. */
import {
  checkChoice,
  checkFunction,
  checkOptions,
  checkPath,
  checkSignal,
  type DtypeName,
  dtypeNames,
  isArray,
  type Module,
  type MxArray,
  mx,
  type VerifyOptions,
} from "@mlxterp/mlx";
import type { Provenance } from "@mlxterp/results";
import { MissingAxisError } from "../errors.js";
import { shown } from "../shown.js";
import { isPositionRange, lastPositions, type Positions } from "../tokens/positions.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { SiteOf } from "../typed-sites/checked.js";
import type { ActivationAt } from "../typed-sites/resolve.js";
import { arrayOf, bytesOf, type CacheEntry, dtypeOf, type OpenFiles } from "./entry.js";
import {
  HeldActivations,
  type SaveCacheOptions,
  saveCacheRules,
  totalBytes,
} from "./held-activations.js";
import { openCache } from "./open-cache.js";
import { siteLines } from "./site-lines.js";

/** What a cache knows besides its arrays. */
export interface CacheFacts {
  readonly tokens: TokenBatch | undefined;
  /** A function where it may not be needed, as in every step of a generation. */
  readonly provenance: Provenance | (() => Provenance);
  /** The positions that were kept of each value; undefined for all. */
  readonly positions: Positions | undefined;
  /** About how many bytes the pass makes of which these are kept; undefined where that is not known. */
  readonly made?: number;
}

/** How a value is taken. */
interface GetOptions {
  /** Converts, such as values that were kept in half precision. */
  readonly dtype?: DtypeName;
}

function checkDtypeName(argument: string, value: unknown): void {
  checkChoice(argument, value, dtypeNames);
}

/**
 * Computed activations of one run, in memory or on the disk. Names may be asked for in every accepted spelling.
 *
 * @example
 * const cache = await model.run("The capital of France is", { save: ["layers.*"] });
 * cache.get("layers.3").shape;      // [1, 6, 128]
 * cache.last("blocks.3.hook_resid_post"); // (batch, hidden): each prompt's own last token
 */
export class ActivationCache<M = Module>
  implements Disposable, Iterable<[site: string, value: MxArray]>
{
  private readonly activations: HeldActivations;
  private disposed = false;
  /** What was fed; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;
  private origin: CacheFacts["provenance"];
  /** The positions that were kept of each value, negative from each prompt's own end; undefined for all. */
  readonly positions: Positions | undefined;

  /** @internal See `CacheFacts`. */
  readonly made: number | undefined;

  /** @internal Caches come from `model.run` and `ActivationCache.open`. */
  constructor(entries: Map<string, CacheEntry>, facts: CacheFacts) {
    this.activations = new HeldActivations(entries);
    this.tokens = facts.tokens;
    this.origin = facts.provenance;
    this.positions = facts.positions;
    this.made = facts.made;
  }

  /** @internal Whether a value can be read, and is not only of the class. */
  static isBuilt(value: unknown): value is ActivationCache {
    return value instanceof ActivationCache && value.activations !== undefined;
  }

  /** Where the activations come from. */
  get provenance(): Provenance {
    return this.settle();
  }

  /** @internal Notes where the activations come from as it is now, and not when somebody looks. */
  settle(): Provenance {
    if (typeof this.origin === "function") this.origin = this.origin();
    return this.origin;
  }

  /**
   * Activations that were saved in a folder, perhaps by another process; each is read when it is asked for.
   *
   * @throws CorruptCacheError (`CORRUPT_CACHE`) with the file that is missing, cut short or from another save
   * @example
   * await cache.save("runs/paris");
   * const again = ActivationCache.open("runs/paris");
   */
  static open(folder: string): ActivationCache {
    checkPath("folder", folder);
    const { entries, facts } = openCache(folder);
    return new ActivationCache(entries, facts);
  }

  /**
   * A site's value. One on the disk is read now, and held by nobody but the caller.
   *
   * @param options `dtype` converts, such as values that were kept in half precision
   * @throws UnknownSiteError (`UNKNOWN_SITE`) with what the cache does hold, DisposedError (`DISPOSED`),
   * CorruptCacheError (`CORRUPT_CACHE`)
   */
  get<const S extends string>(site: SiteOf<M, S>, options?: GetOptions): ActivationAt<M, S>;
  get(site: string, options: GetOptions = {}): MxArray {
    checkOptions<GetOptions>("get", options, { dtype: checkDtypeName });
    const array = arrayOf(this.activations.get(site));
    return options.dtype ? array.astype(mx[options.dtype]) : array;
  }

  /** Whether a site was saved; false for names that the model does not have. */
  has<const S extends string>(site: SiteOf<M, S>): boolean;
  has(site: string): boolean {
    return this.activations.find(site) !== undefined;
  }

  /** Canonical names, in the order of the selectors. */
  keys(): string[] {
    return [...this.activations.all.keys()];
  }

  entries(): [site: string, value: MxArray][] {
    return [...this];
  }

  *[Symbol.iterator](): Iterator<[site: string, value: MxArray]> {
    const opened: OpenFiles = new Map();
    for (const [site, entry] of this.activations.all) yield [site, arrayOf(entry, opened)];
  }

  /** The number of activations. */
  get size(): number {
    return this.activations.all.size;
  }

  /** Bytes that the activations take, in memory or on the disk. */
  get nbytes(): number {
    return totalBytes(this.held());
  }

  /** Bytes of those that are in memory. */
  get memoryBytes(): number {
    return totalBytes(this.held().filter(({ value }) => isArray(value)));
  }

  /**
   * A site's values at each prompt's own last token: its axes without the one for positions.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), MissingAxisError (`MISSING_AXIS`) for a site without positions, or when
   * the run did not keep position -1
   */
  last<const S extends string>(site: SiteOf<M, S>): MxArray;
  last(site: string): MxArray {
    const entry = this.activations.get(site);
    if (this.positions === -1) return arrayOf(entry);
    const axis = axisOf(entry, this.positions);
    if (this.positions === undefined || typeof this.positions === "number") {
      return lastPositions(arrayOf(entry), this.tokens?.lengths, axis);
    }
    if (isPositionRange(this.positions)) {
      if (this.positions.to === undefined) return lastPositions(arrayOf(entry), undefined, axis);
      throw missingPosition(entry, this.positions, "Keep position -1 too.");
    }
    const index = this.positions.indexOf(-1);
    if (index >= 0) return mx.take(arrayOf(entry), mx.array(index, mx.int32), axis);
    throw missingPosition(entry, this.positions, "Keep position -1 too.");
  }

  /** Which axis of a site's value holds positions. @throws MissingAxisError (`MISSING_AXIS`) when there is none */
  positionAxis<const S extends string>(site: SiteOf<M, S>): number;
  positionAxis(site: string): number {
    return axisOf(this.activations.get(site), this.positions);
  }

  /**
   * Writes everything to a folder, which appears complete or not at all: its manifest comes last. Values on the disk
   * are copied a file at a time.
   *
   * @throws FolderInUseError (`FOLDER_IN_USE`)
   */
  async save(folder: string, options: SaveCacheOptions = {}): Promise<void> {
    checkOptions<SaveCacheOptions>("save", options, saveCacheRules);
    checkPath("folder", folder);
    await this.activations.save(folder, this, options);
  }

  /**
   * Moves everything to the disk. A folder that is named stays when the cache is disposed, and can be opened later;
   * without one, a temporary folder is used and removed.
   *
   * @throws FolderInUseError (`FOLDER_IN_USE`)
   */
  async spill(folder?: string, options: SaveCacheOptions = {}): Promise<void> {
    checkOptions<SaveCacheOptions>("spill", options, saveCacheRules);
    if (folder !== undefined) checkPath("folder", folder);
    await this.activations.spill(folder, this, options);
  }

  /**
   * Reads every file that holds values and compares it with the hash that was noted when it was written: finds damage
   * that leaves sizes and headers as they were. Opening a folder and reading from it check only those.
   *
   * @throws CorruptCacheError (`CORRUPT_CACHE`) with the first file that differs, DisposedError (`DISPOSED`); the
   * signal's reason
   * @example
   * await cache.save("runs/london");
   * await ActivationCache.open("runs/london").verify();
   */
  async verify(options: VerifyOptions = {}): Promise<void> {
    checkOptions<VerifyOptions>("verify", options, {
      onProgress: checkFunction,
      signal: checkSignal,
    });
    await this.activations.verify(options);
  }

  /** @internal The same sites with other values, such as attributions; undefined leaves one out. */
  mapped(
    change: (site: string) => MxArray | undefined,
    facts: Partial<CacheFacts> = {},
  ): ActivationCache<M> {
    const entries = [...this.activations.all].flatMap(([name, entry]) => {
      const value = change(name);
      return value ? [[name, { ...entry, value }] as const] : [];
    });
    const { tokens, origin: provenance, positions } = this;
    return new ActivationCache(new Map(entries), { tokens, provenance, positions, ...facts });
  }

  /** Lets go of the arrays, and removes a temporary folder. A folder that was named stays, if it is complete. */
  dispose(): void {
    this.disposed = true;
    this.activations.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Shapes and provenance, for logs; the numbers stay where they are. */
  toJSON(): { provenance: Provenance; activations: Record<string, number[]> } {
    const shapes = this.held().map(({ site, value }): [string, number[]] => [
      site.name,
      [...value.shape],
    ]);
    return { provenance: this.provenance, activations: Object.fromEntries(shapes) };
  }

  /** One line for each site: name, shape, dtype, bytes. */
  toString(): string {
    if (this.disposed) return "[cache, disposed]";
    if (this.size === 0) return "[cache, empty]";
    const sites = this.held().map((entry) => {
      const { site, value } = entry;
      return { site: site.name, shape: value.shape, dtype: dtypeOf(entry), bytes: bytesOf(entry) };
    });
    return siteLines(sites);
  }

  [shown](): string {
    return this.toString();
  }

  /** @internal Everything that is held, with what is known about it. */
  held(): CacheEntry[] {
    return this.activations.list;
  }
}

function axisOf(entry: CacheEntry, positions: Positions | undefined): number {
  const { positionAxis } = entry.site;
  if (positionAxis !== undefined) return positionAxis;
  const way = "Take it from cache.get(…) yourself, or declare `outputAxes` in its module.";
  throw missingPosition(entry, positions, way);
}

function missingPosition(
  { site }: CacheEntry,
  positions: Positions | undefined,
  wayOut: string,
): Error {
  const { name, axes } = site;
  if (positions === undefined) return new MissingAxisError(name, "position", axes, wayOut);
  const kept = `This run kept positions: ${JSON.stringify(positions)}.`;
  return new MissingAxisError(name, "position", axes, `${kept} ${wayOut}`);
}
