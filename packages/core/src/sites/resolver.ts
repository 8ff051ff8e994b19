/** From selectors to the sites of one model. */
import { UnknownSiteError } from "../errors.js";
import type { ModuleTree } from "../tree/module-tree.js";
import { compileSegments } from "./match.js";
import { spellings } from "./names.js";
import { nearestSites, rangeHint } from "./nearest.js";
import {
  checkSelector,
  inputPort,
  outputPort,
  type ParsedSelector,
  parseSelector,
  type Selector,
  writeOutChoices,
} from "./selector.js";
import { type Site, siteName } from "./site.js";

/** Answers selectors for one tree; answers are remembered until the tree changes. */
export class SiteResolver {
  private readonly remembered = new Map<string, readonly Site[]>();
  private version = -1;

  constructor(private readonly tree: ModuleTree) {}

  /**
   * @throws UnknownSiteError (`UNKNOWN_SITE`) when nothing matches
   */
  resolve(selector: Selector): readonly Site[] {
    if (this.version !== this.tree.version) {
      this.remembered.clear();
      this.version = this.tree.version;
    }
    checkSelector("site", selector);
    const key = typeof selector === "string" ? `"${selector}` : String(selector);
    const known = this.remembered.get(key);
    if (known) return known;
    const sites = this.find(selector);
    this.remembered.set(key, sites);
    return sites;
  }

  private find(selector: Selector): readonly Site[] {
    if (typeof selector !== "string")
      return this.require(selector, () => this.matchRegExp(selector));
    const sites = writeOutChoices(selector).flatMap((text) =>
      this.require(text, () => this.matchText(text)),
    );
    return [...new Map(sites.map((site) => [`${site.name}#${site.call}`, site])).values()];
  }

  private require(selector: Selector, search: () => readonly Site[]): readonly Site[] {
    const sites = search();
    if (sites.length > 0) return sites;
    this.tree.rescan(); // modules may have been added under new names since the tree was read
    const again = search();
    if (again.length > 0) return again;
    const text = String(selector);
    throw new UnknownSiteError(text, nearestSites(this.tree, text), rangeHint(this.tree, text));
  }

  private matchText(text: string): readonly Site[] {
    for (const spelling of spellings(text)) {
      for (const reading of parseSelector(spelling)) {
        const sites = this.match(reading);
        if (sites.length > 0) return sites;
      }
    }
    return [];
  }

  private match({ segments, port, call, pattern }: ParsedSelector): Site[] {
    const literal = this.tree.byPath.get(segments.join("."));
    const test = compileSegments(segments);
    const nodes = literal ? [literal] : this.tree.nodes.filter((node) => test(node.segments));
    // "**" means the modules inside; the root is reached by its ports, `output` and `input`.
    return nodes
      .filter((node) => node.path !== "" || segments.length === 0)
      .map((node) => ({ node, port, call, name: siteName(node, port), exact: !pattern }));
  }

  /** Inputs match where the expression speaks of them: it matches the name with `.input`, but not without. */
  private matchRegExp(selector: RegExp): Site[] {
    const plain = new RegExp(selector.source, selector.flags.replace(/[gy]/g, ""));
    return this.tree.nodes.flatMap((node) => {
      const port = [outputPort, inputPort].find((port) => plain.test(siteName(node, port)));
      if (!port) return [];
      return [{ node, port, call: undefined, name: siteName(node, port), exact: false }];
    });
  }
}
