/** An open trace: the forward has run, its values can be read and saved until it closes. */
import { collect, evaluate, evaluateNow, type MxArray } from "@mlxterp/mlx";
import { DisposedError } from "./errors.js";
import { closeOpen, type OpenEntry, pushOpen } from "./open-traces.js";
import type { SiteReader } from "./pass/reader.js";
import { TracedSite, type ValueSource } from "./site-value.js";
import type { ModuleNode } from "./sites/module-node.js";
import { inputPort, outputPort, type Selector } from "./sites/selector.js";
import { siteLabel, siteName } from "./sites/site.js";
import type { TokenBatch } from "./tokens.js";
import type { SiteValue } from "./views.js";

/** What a trace is opened with. */
export interface TraceParts {
  readonly model: object;
  /** The root of the module tree as the pass found it. */
  readonly root: ModuleNode;
  readonly reader: SiteReader;
  readonly tokens: TokenBatch | undefined;
  readonly result: unknown;
}

/** `util.inspect.custom`, by its registered name: published types must not need those of Node. */
const shown: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** The members of every trace; `Trace<M>` adds the views of the model's modules. */
export class TraceCore implements ValueSource, Disposable, AsyncDisposable {
  #parts: TraceParts | undefined;
  readonly #entry: OpenEntry;
  readonly #saved = new Map<string, MxArray>();
  /** The model's own output: for language models the logits, (batch, position, vocab). */
  readonly output: SiteValue;
  /** What was fed to the model. */
  readonly input: SiteValue;
  /** The prompts as they were fed; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;
  /** What is worth knowing about how this pass was observed. */
  readonly notes: readonly string[];

  constructor(parts: TraceParts) {
    const { root } = parts;
    this.#parts = parts;
    this.#entry = pushOpen(parts.model, this);
    this.output = new TracedSite(this, siteName(root, outputPort));
    this.input = new TracedSite(this, siteName(root, inputPort));
    this.tokens = parts.tokens;
    this.notes = parts.reader.notes;
  }

  /** Whatever the forward returned, unchanged: useful when that is more than one array. */
  get result(): unknown {
    return this.#open().result;
  }

  /**
   * A site by name, in any accepted spelling.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  at(site: string): SiteValue {
    const { name, call } = this.#open().reader.site(site);
    return new TracedSite(this, siteLabel(name, call));
  }

  /**
   * One site's value, lazy; released when the trace closes unless saved.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`), DisposedError (`DISPOSED`)
   */
  value(site: string): MxArray {
    const { reader } = this.#open();
    return reader.one(reader.site(site));
  }

  /** Keeps one site's value: it is computed when the trace closes. */
  save(site: string): MxArray {
    const { reader } = this.#open();
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
  saveAll(...selectors: Selector[]): Record<string, MxArray> {
    const saved = this.#open().reader.all(selectors);
    for (const [name, value] of saved) this.#saved.set(name, value);
    return Object.fromEntries(saved);
  }

  /** What has been saved so far, by canonical name; readable after the trace has closed. */
  get saved(): ReadonlyMap<string, MxArray> {
    return this.#saved;
  }

  /** Whether the trace has closed. */
  get disposed(): boolean {
    return this.#parts === undefined;
  }

  /** Closes now and computes what was saved. `await using` needs less memory: see `[Symbol.asyncDispose]`. */
  dispose(): void {
    if (!this.#close() || this.#saved.size === 0) return;
    collect();
    evaluateNow([...this.#saved.values()]);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Releases everything unsaved, waits one turn of the event loop, then computes what was saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#close()) await evaluate([...this.#saved.values()]);
  }

  toString(): string {
    return `[trace, ${this.disposed ? "closed" : "open"}, ${this.#saved.size} saved]`;
  }

  toJSON(): { saved: Record<string, number[]> } {
    const saved = [...this.#saved].map(([site, { shape }]) => [site, shape] as const);
    return { saved: Object.fromEntries(saved) };
  }

  [shown](): string {
    return this.toString();
  }

  /** @internal What `model.layers` and its like shall find while this trace is open. */
  presentAs(face: object): void {
    this.#entry.trace = face;
  }

  #close(): boolean {
    if (!this.#parts) return false;
    this.#parts.reader.release();
    this.#parts = undefined;
    closeOpen(this.#entry);
    return true;
  }

  #open(): TraceParts {
    if (!this.#parts) throw new DisposedError("trace");
    return this.#parts;
  }
}
