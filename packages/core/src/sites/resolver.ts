/** From selectors to the sites of one model. */
import { UnknownSiteError } from "../errors.js";
import type { ModuleTree } from "../tree/module-tree.js";
import { DescribedSites } from "./described.js";
import { compileSegments } from "./match.js";
import { fromSnakeCase, ourSpelling, sameOtherName, splitCall } from "./names.js";
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
  private noted: { readonly version: number; readonly sites: DescribedSites } | undefined;

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

  /** What the modules say of their sites; read off the tree when it is first asked for. */
  get described(): DescribedSites {
    const { version } = this.tree;
    if (this.noted?.version !== version) {
      this.noted = { version, sites: new DescribedSites(this.tree) };
    }
    return this.noted.sites;
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
    const ours = ourSpelling(text, this.described.named);
    throw new UnknownSiteError(text, nearestSites(this.tree, ours), rangeHint(this.tree, ours));
  }

  private matchText(text: string): readonly Site[] {
    const direct = this.matchPath(text);
    if (direct.length > 0) return direct;
    const borrowed = this.matchOtherName(text);
    return borrowed.length > 0 ? borrowed : this.matchPath(fromSnakeCase(text));
  }

  private matchPath(text: string): readonly Site[] {
    for (const reading of parseSelector(text)) {
      const sites = this.match(reading);
      if (sites.length > 0) return sites;
    }
    return [];
  }

  private matchOtherName(text: string): Site[] {
    const [body, call] = splitCall(text);
    const same = sameOtherName(body);
    const exact = !/[*{]/.test(body);
    return this.described.named
      .filter(({ name }) => same(name))
      .map(({ node, port }) => this.site({ node, port, call, exact }));
  }

  private site(found: Pick<Site, "node" | "port" | "call" | "exact">): Site {
    const name = siteName(found.node, found.port);
    const otherNames = () => this.described.otherNames(name);
    return { ...found, name, otherNames };
  }

  private match({ segments, port, call, pattern }: ParsedSelector): Site[] {
    const literal = this.tree.byPath.get(segments.join("."));
    const test = compileSegments(segments);
    const nodes = literal ? [literal] : this.tree.nodes.filter((node) => test(node.segments));
    // "**" means the modules inside; the root is reached by its ports, `output` and `input`.
    return nodes
      .filter((node) => node.path !== "" || segments.length === 0)
      .map((node) => this.site({ node, port, call, exact: !pattern }));
  }

  /** Inputs match where the expression speaks of them: it matches the name with `.input`, but not without. */
  private matchRegExp(selector: RegExp): Site[] {
    const plain = new RegExp(selector.source, selector.flags.replace(/[gy]/g, ""));
    return this.tree.nodes.flatMap((node) => {
      const port = [outputPort, inputPort].find((port) => plain.test(siteName(node, port)));
      if (!port) return [];
      return [this.site({ node, port, call: undefined, exact: false })];
    });
  }
}
