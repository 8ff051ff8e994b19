/** What a pass would hold: every site's shape, dtype and bytes, with nothing computed. */
import { checkOptions, type DtypeName, InvalidArgumentError, isFloating, mx } from "@mlxterp/mlx";
import type { Axes } from "../axes.js";
import { MissingAxisError, SiteNotReachedError } from "../errors.js";
import { shown } from "../shown.js";
import type { SiteResolver } from "../sites/resolver.js";
import { checkSelectors, outputPort, type Selector } from "../sites/selector.js";
import { type Site, siteLabel, siteName } from "../sites/site.js";
import { type CaptureOptions, captureRules } from "../storage/capture.js";
import { siteLines } from "../storage/site-lines.js";
import { countOf } from "../tokens/positions.js";
import type { TokenBatch } from "../tokens/tokens.js";
import type { ModuleNode } from "../tree/module-node.js";
import { portKey, type ScannedValue, type ScannedValues } from "./read-scan.js";

/** One site as a run would save it. */
export interface ScannedSite {
  /** The canonical name, with `#call` where its module is called several times. */
  readonly site: string;
  /** What the module's class is called. */
  readonly kind: string;
  /** The axes of the value, where they are known. */
  readonly axes: Axes | undefined;
  readonly shape: readonly number[];
  readonly dtype: DtypeName;
  readonly bytes: number;
}

/** What a scan is made from. */
interface ScanParts {
  readonly nodes: readonly ModuleNode[];
  readonly resolver: SiteResolver;
  readonly values: ScannedValues;
  readonly tokens: TokenBatch | undefined;
}

/**
 * Shapes of one pass. Iterating gives every output, the model's own last; inputs are asked for by name.
 *
 * @example
 * const scan = model.scan("The capital of France is");
 * scan.get("layers.0.selfAttn.pattern").shape; // [1, 4, 6, 6]
 * scan.bytes(["layers.*", "output"], { dtype: "float16" });
 */
export class Scan implements Iterable<ScannedSite> {
  readonly #parts: ScanParts;
  /** Every output that the pass came by, in the order of the module tree. */
  readonly sites: readonly ScannedSite[];
  /** Outputs without a value in this pass: their modules were not called, or gave no array. */
  readonly unreached: readonly string[];
  /** The prompts as they would be fed; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;

  constructor(parts: ScanParts) {
    this.#parts = parts;
    this.tokens = parts.tokens;
    const [root, ...inside] = parts.nodes;
    const outputs = [...inside, root].map((node) => outputOf(node));
    this.sites = outputs.flatMap((site) => this.#describe(site));
    this.unreached = outputs.flatMap((site) => (this.#values(site).length === 0 ? site.name : []));
  }

  [Symbol.iterator](): Iterator<ScannedSite> {
    return this.sites[Symbol.iterator]();
  }

  /**
   * The sites of a save list, as a run would save them.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`) for one that is named exactly,
   * MissingAxisError (`MISSING_AXIS`) when positions of a site without them are asked for
   */
  select(selectors: Selector | readonly Selector[], options: CaptureOptions = {}): ScannedSite[] {
    checkSelectors("selectors", selectors);
    checkOptions<CaptureOptions>("select", options, captureRules);
    const list =
      typeof selectors === "string" || selectors instanceof RegExp ? [selectors] : selectors;
    const sites = list.flatMap((selector) => this.#parts.resolver.resolve(selector));
    const found = sites.flatMap((site) => {
      const scanned = this.#describe(site, options);
      if (scanned.length > 0 || !site.exact) return scanned;
      throw new SiteNotReachedError(site.name, "its module was not called, or gave no array.");
    });
    return [...new Map(found.map((one) => [one.site, one])).values()];
  }

  /**
   * One site.
   *
   * @throws what `select` throws; InvalidArgumentError (`INVALID_ARGUMENT`) for a name that means several
   */
  get(site: string): ScannedSite {
    const found = this.select(site);
    if (found.length === 1) return found[0];
    const rule = `"${site}" means ${found.length} values; take them with select().`;
    throw new InvalidArgumentError("site", site, rule);
  }

  /**
   * The bytes that a save list takes, by default of everything listed.
   *
   * @throws what `select` throws
   */
  bytes(selectors?: Selector | readonly Selector[], options: CaptureOptions = {}): number {
    const names = selectors ?? this.sites.map(({ site }) => site);
    return this.select(names, options).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** One line for each site: name, shape, dtype, bytes. */
  toString(): string {
    return siteLines(this.sites);
  }

  [shown](): string {
    return this.toString();
  }

  toJSON(): { sites: readonly ScannedSite[]; unreached: readonly string[] } {
    return { sites: this.sites, unreached: this.unreached };
  }

  #values({ node, port, call }: Site): readonly ScannedValue[] {
    const values = this.#parts.values.get(portKey({ node, port })) ?? [];
    return call === undefined ? values : values.filter((value) => value.call === call);
  }

  #describe(site: Site, options: CaptureOptions = {}): ScannedSite[] {
    const values = this.#values(site);
    const several = values.length > 1 || site.call !== undefined;
    return values.map((value): ScannedSite => {
      const label = siteLabel(site.name, several ? value.call : undefined);
      const kind = site.node.module.constructor.name;
      const { itemBytes, ...captured } = captureOf(label, value, options, this.tokens?.lengths);
      const bytes = captured.shape.reduce((product, length) => product * length, itemBytes);
      return { site: label, kind, ...captured, bytes };
    });
  }
}

function outputOf(node: ModuleNode): Site {
  const name = siteName(node, outputPort);
  return { node, port: outputPort, call: undefined, name, exact: false };
}

/** What would be kept of a value. */
function captureOf(
  site: string,
  value: ScannedValue,
  { positions, dtype: wanted }: CaptureOptions,
  lengths: readonly number[] | undefined,
): Pick<ScannedValue, "shape" | "dtype" | "axes" | "itemBytes"> {
  const dtype = wanted && isFloating(mx[value.dtype]) ? wanted : value.dtype;
  const itemBytes = mx[dtype].size;
  const { shape, axes, positionAxis } = value;
  if (positions === undefined) return { shape, axes, dtype, itemBytes };
  if (positionAxis === undefined) {
    throw new MissingAxisError(site, "position", axes, "Save it without `positions`.");
  }
  if (typeof positions !== "number") {
    const count = countOf(positions, lengths ?? [shape[positionAxis]]);
    return { shape: shape.with(positionAxis, count), axes, dtype, itemBytes };
  }
  const others = <T>(list: readonly T[]) => list.filter((_, axis) => axis !== positionAxis);
  return { shape: others(shape), axes: axes && others(axes), dtype, itemBytes };
}
