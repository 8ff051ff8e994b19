/** What a trace offers of the sites of its pass: values by name, in any accepted spelling. */
import type { Module, MxArray } from "@mlxterp/mlx";
import type { SiteReader } from "../pass/reader.js";
import { inputPort, outputPort, type Selector } from "../sites/selector.js";
import { siteLabel, siteName } from "../sites/site.js";
import type { ModuleNode } from "../tree/module-node.js";
import type { InputAxes, OutputAxes } from "../typed-sites/activation.js";
import type { SelectorsOn, SiteOf } from "../typed-sites/checked.js";
import type { ActivationAt, SiteValueAt } from "../typed-sites/resolve.js";
import type { SiteValue } from "../typed-sites/views.js";
import { TracedSite, type ValueSource } from "./site-value.js";

export class SiteAccess<M = Module> implements ValueSource {
  readonly #reader: () => SiteReader;
  readonly #saved = new Map<string, MxArray>();
  /** The model's own output: for language models the logits, (batch, position, vocab). */
  readonly output: SiteValue<OutputAxes<M>>;
  /** What was fed to the model. */
  readonly input: SiteValue<InputAxes<M>>;

  /** @param reader answers while there is something to read, else throws */
  constructor(root: ModuleNode, reader: () => SiteReader) {
    this.#reader = reader;
    this.output = new TracedSite(this, siteName(root, outputPort)) as SiteValue<OutputAxes<M>>;
    this.input = new TracedSite(this, siteName(root, inputPort)) as SiteValue<InputAxes<M>>;
  }

  /**
   * A site by name, in any accepted spelling.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  at<const S extends string>(site: SiteOf<M, S>): SiteValueAt<M, S>;
  at(site: string): SiteValue {
    const { name, call } = this.#reader().site(site);
    return new TracedSite(this, siteLabel(name, call));
  }

  /**
   * One site's value, lazy; released when the trace closes unless saved.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), DisposedError (`DISPOSED`)
   */
  value<const S extends string>(site: SiteOf<M, S>): ActivationAt<M, S>;
  value(site: string): MxArray {
    const reader = this.#reader();
    return reader.one(reader.site(site));
  }

  /** Keeps one site's value: it is computed when the trace closes. */
  save<const S extends string>(site: SiteOf<M, S>): ActivationAt<M, S>;
  save(site: string): MxArray {
    const reader = this.#reader();
    const one = reader.site(site);
    const value = reader.one(one);
    this.#saved.set(siteLabel(one.name, one.call), value);
    return value;
  }

  /**
   * Keeps the values of all sites that match, under their canonical names.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`)
   */
  saveAll<const S extends readonly Selector[]>(
    ...selectors: S & SelectorsOn<M, S>
  ): Record<string, MxArray>;
  saveAll(...selectors: Selector[]): Record<string, MxArray> {
    const saved = this.#reader().all(selectors);
    for (const [name, value] of saved) this.#saved.set(name, value);
    return Object.fromEntries(saved);
  }

  /** What has been saved so far, by canonical name; readable after the trace has closed. */
  get saved(): ReadonlyMap<string, MxArray> {
    return this.#saved;
  }

  toJSON(): { saved: Record<string, number[]> } {
    const saved = [...this.saved].map(([site, { shape }]) => [site, shape] as const);
    return { saved: Object.fromEntries(saved) };
  }
}
