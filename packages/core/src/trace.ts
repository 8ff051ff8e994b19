/** An open trace: the forward has run, its values can be read and saved until it closes. */
import { collect, evaluate, evaluateNow, type MxArray } from "@mlxterp/mlx";
import { DisposedError, SiteNotReachedError } from "./errors.js";
import { closeOpen, type OpenEntry, pushOpen } from "./open-traces.js";
import type { Interceptor } from "./pass/interceptor.js";
import type { Captured, Pass } from "./pass/pass.js";
import type { Site, SiteResolver } from "./sites/resolver.js";
import type { Selector } from "./sites/selector.js";
import type { TokenBatch } from "./tokens.js";
import { moduleView, ReadOnlySiteError, siteValue, type ViewSource } from "./view-proxy.js";
import type { Children, SiteValue } from "./views.js";

/** What a trace is opened with. */
export interface TraceParts {
  readonly model: object;
  readonly pass: Pass;
  readonly interceptor: Interceptor;
  readonly resolver: SiteResolver;
  readonly tokens: TokenBatch | undefined;
  readonly result: unknown;
}

/** The members of every trace; `Trace<M>` adds the views of the model's modules. */
export class TraceCore implements ViewSource, Disposable, AsyncDisposable {
  private parts: TraceParts | undefined;
  private readonly entry: OpenEntry;
  private readonly kept = new Map<string, MxArray>();
  /** The prompts as they were fed; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;
  /** What is worth knowing about how this pass was observed. */
  readonly notes: readonly string[];

  constructor(parts: TraceParts) {
    this.parts = parts;
    this.tokens = parts.tokens;
    this.notes = parts.pass.notes;
    this.entry = pushOpen(parts.model, this);
  }

  /** The model's own output: for language models the logits, (batch, position, vocab). */
  get output(): SiteValue {
    return siteValue(this, "output");
  }

  /** What was fed to the model. */
  get input(): SiteValue {
    return siteValue(this, "input");
  }

  /** Whatever the forward returned, unchanged: useful when that is more than one array. */
  get result(): unknown {
    return this.open().result;
  }

  /** A site by name, in any accepted spelling. */
  at(site: string): SiteValue {
    return siteValue(this, this.only(site).name + callSuffix(site));
  }

  /** @internal */
  value(site: string): MxArray {
    return this.single(site).value;
  }

  /**
   * Keeps the values of all sites that match, under their canonical names.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`), SiteNotReachedError (`SITE_NOT_REACHED`)
   */
  saveAll(...selectors: Selector[]): Record<string, MxArray> {
    const { resolver, interceptor, pass } = this.open();
    const saved: Record<string, MxArray> = {};
    for (const site of selectors.flatMap((selector) => resolver.resolve(selector))) {
      const values = interceptor.outside(() => pass.read(site));
      if (values.length === 0 && site.exact) throw notReached(site);
      for (const [name, value] of named(site, values)) {
        saved[name] = value;
        this.kept.set(name, value);
      }
    }
    return saved;
  }

  /** Keeps one site's value: it is computed when the trace closes. */
  save(site: string): MxArray {
    const { value } = this.single(site);
    this.kept.set(this.only(site).name + callSuffix(site), value);
    return value;
  }

  /** What has been saved so far, by canonical name; readable after the trace has closed. */
  get saved(): ReadonlyMap<string, MxArray> {
    return this.kept;
  }

  /** Whether the trace has closed. */
  get disposed(): boolean {
    return this.parts === undefined;
  }

  /** Closes now and computes what was saved. `await using` needs less memory: see `[Symbol.asyncDispose]`. */
  dispose(): void {
    if (this.close() && this.kept.size > 0) {
      collect();
      evaluateNow([...this.kept.values()]);
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /** Releases everything unsaved, waits one turn of the event loop, then computes what was saved. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.close() && this.kept.size > 0) await evaluate([...this.kept.values()]);
  }

  private close(): boolean {
    if (!this.parts) return false;
    this.parts.pass.release();
    this.parts = undefined;
    closeOpen(this.entry);
    return true;
  }

  /** @internal What `model.layers` and its like shall find while this trace is open. */
  presentAs(face: object): void {
    this.entry.trace = face;
  }

  private open(): TraceParts {
    if (!this.parts) throw new DisposedError("trace");
    return this.parts;
  }

  private only(site: string): Site {
    const sites = this.open().resolver.resolve(site);
    if (sites.length === 1) return sites[0];
    const names = sites.map(({ name }) => name).join(", ");
    throw new SiteNotReachedError(site, `it names ${sites.length} sites (${names}); use saveAll.`);
  }

  private single(name: string): Captured {
    const { pass, interceptor } = this.open();
    const site = this.only(name);
    const values = interceptor.outside(() => pass.read(site));
    if (values.length === 1) return values[0];
    if (values.length === 0) throw notReached(site);
    throw new SiteNotReachedError(
      name,
      `its module was called ${values.length} times; choose ${site.name}#0 … ${site.name}#${values.length - 1}.`,
    );
  }
}

/** A trace of a model with modules M: every module is a member, with its values. */
export type Trace<M> = TraceCore & Children<M>;

/** Opens a trace whose members mirror the module tree. */
export function openTrace<M>(parts: TraceParts): Trace<M> {
  const core = new TraceCore(parts);
  const view = moduleView(core, parts.interceptor.tree.root) as Record<string, unknown>;
  const face = new Proxy(core, {
    get: (target, key) => {
      if (key in target || typeof key === "symbol") {
        const member: unknown = Reflect.get(target, key, target);
        return typeof member === "function" ? member.bind(target) : member;
      }
      return view[key];
    },
    set: (_target, key) => {
      throw new ReadOnlySiteError(String(key));
    },
  });
  core.presentAs(face);
  return face as Trace<M>;
}

function callSuffix(site: string): string {
  return /#\d+$/.exec(site)?.[0] ?? "";
}

function notReached(site: Site): SiteNotReachedError {
  return new SiteNotReachedError(
    site.name,
    site.call === undefined ? "its module was not called." : `call #${site.call} did not happen.`,
  );
}

/** Names for a site's values: the plain name for a single call, `name#0`, `name#1` for several. */
export function named(site: Site, values: readonly Captured[]): [name: string, value: MxArray][] {
  const several = values.length > 1 || site.call !== undefined;
  return values.map(({ call, value }) => [several ? `${site.name}#${call}` : site.name, value]);
}
