/** One invocation: some prompts of a forward that they share with others, with the face of a trace of their own. */
import type { Module } from "@mlxterp/mlx";
import { oneSite, type SiteReader } from "../pass/reader.js";
import type { SiteResolver } from "../sites/resolver.js";
import { siteLabel } from "../sites/site.js";
import type { TokenBatch } from "../tokens/tokens.js";
import { withViews } from "../trace/open-trace.js";
import { SiteAccess } from "../trace/site-access.js";
import { TracedSite } from "../trace/site-value.js";
import type { ModuleNode } from "../tree/module-node.js";
import type { SiteOf } from "../typed-sites/checked.js";
import type { SiteValueAt } from "../typed-sites/resolve.js";
import type { Children, SiteValue } from "../typed-sites/views.js";

/** What an invocation is made from. */
interface InvocationParts {
  readonly root: ModuleNode;
  readonly resolver: SiteResolver;
  readonly tokens: TokenBatch | undefined;
  /** Runs the forward if it has not run yet. */
  readonly reader: () => SiteReader;
}

/** The members of every invocation; `Invocation<M>` adds the views of the model's modules. */
export class InvocationCore<M = Module> extends SiteAccess<M> {
  readonly #resolver: SiteResolver;
  /** These prompts alone, as they were fed; undefined when the input was not tokens. */
  readonly tokens: TokenBatch | undefined;

  constructor({ root, resolver, tokens, reader }: InvocationParts) {
    super(root, reader);
    this.#resolver = resolver;
    this.tokens = tokens;
  }

  /**
   * A site by name, in any accepted spelling; does not begin the forward.
   *
   * @throws UnknownSiteError (`UNKNOWN_SITE`)
   */
  override at<const S extends string>(site: SiteOf<M, S>): SiteValueAt<M, S>;
  override at(site: string): SiteValue {
    const { name, call } = oneSite(this.#resolver, site);
    return new TracedSite(this, siteLabel(name, call));
  }

  override toString(): string {
    return `[invocation, ${this.saved.size} saved]`;
  }
}

/**
 * Some prompts of a shared forward. Every value is that of these prompts alone: their rows, without the padding that
 * longer prompts beside them need.
 */
export type Invocation<M> = InvocationCore<M> & Children<M>;

/** The invocation's own members come first; a child of the same name is reached with `invocation.at(name)`. */
export function openInvocation<M>(parts: InvocationParts): Invocation<M> {
  return withViews(new InvocationCore<M>(parts), parts.root) as Invocation<M>;
}
