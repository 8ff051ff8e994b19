/** From selectors to the sites of one model, with the nearest names when nothing matches. */
import { distance } from "fastest-levenshtein";
import { UnknownSiteError } from "../errors.js";
import type { ModuleNode, ModuleTree } from "./module-tree.js";
import { spellings } from "./names.js";
import {
  compileSegments,
  type ParsedSelector,
  type Port,
  parseSelector,
  type Selector,
} from "./selector.js";

/** A place in the model: a module's input or output. */
export interface Site {
  readonly node: ModuleNode;
  readonly port: Port;
  /** One call of the module, or undefined for all. */
  readonly call: number | undefined;
  /** The canonical name, without `#call`. */
  readonly name: string;
  /** Whether the user named exactly this site, rather than a pattern that happens to match it. */
  readonly exact: boolean;
}

/** The canonical name of a module's port: `layers.3`, `layers.3.input`, `lstm.output.1`; the root's are `output`, `input`. */
export function siteName(node: ModuleNode, port: Port): string {
  const suffix =
    port.element !== undefined
      ? `${port.kind}.${port.element}`
      : port.kind === "input" || node.path === ""
        ? port.kind
        : "";
  return [node.path, suffix].filter((part) => part !== "").join(".");
}

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
    const key = typeof selector === "string" ? selector : `/${selector.source}/${selector.flags}`;
    const known = this.remembered.get(key);
    if (known) return known;
    const sites = this.find(selector);
    this.remembered.set(key, sites);
    return sites;
  }

  private find(selector: Selector): readonly Site[] {
    const sites = this.search(selector);
    if (sites.length > 0) return sites;
    // The user may have added modules since the tree was read.
    this.tree.rescan(this.tree.root, this.tree.root.module);
    this.version = this.tree.version;
    const again = this.search(selector);
    if (again.length > 0) return again;
    throw new UnknownSiteError(
      String(selector),
      this.nearest(String(selector)),
      this.hint(selector),
    );
  }

  private search(selector: Selector): Site[] {
    if (typeof selector !== "string") return this.matchRegExp(selector);
    for (const spelling of spellings(selector)) {
      for (const reading of parseSelector(spelling)) {
        const sites = this.match(reading);
        if (sites.length > 0) return sites;
      }
    }
    return [];
  }

  private match(parsed: ParsedSelector): Site[] {
    const { segments, port, call, pattern } = parsed;
    const literal = this.tree.byPath.get(segments.join("."));
    const test = compileSegments(segments);
    const nodes = literal ? [literal] : this.tree.nodes.filter((node) => test(node.segments));
    // The root is reached by its ports only: the empty selector names nothing, and "**" means the modules inside.
    return nodes
      .filter((node) => node.path !== "" || segments.length === 0)
      .map((node) => ({ node, port, call, name: siteName(node, port), exact: !pattern }));
  }

  private matchRegExp(selector: RegExp): Site[] {
    const kinds = selector.source.includes("input")
      ? (["output", "input"] as const)
      : (["output"] as const);
    const plain = new RegExp(selector.source, selector.flags.replace(/[gy]/g, ""));
    return this.tree.nodes.flatMap((node) =>
      kinds
        .map((kind): Port => ({ kind, element: undefined }))
        .filter((port) => plain.test(siteName(node, port)))
        .map((port) => ({ node, port, call: undefined, name: siteName(node, port), exact: false })),
    );
  }

  private nearest(selector: string): string[] {
    const wanted = spellings(selector).at(-1) ?? selector;
    return this.tree.nodes
      .map((node) => siteName(node, { kind: "output", element: undefined }))
      .map((name) => ({ name, far: distance(wanted, name) }))
      .sort((a, b) => a.far - b.far)
      .slice(0, 3)
      .map(({ name }) => name);
  }

  private hint(selector: Selector): string {
    const index =
      typeof selector === "string"
        ? /^(.*?)\.?(-?\d+)(?=\.|$)/.exec(spellings(selector).at(-1)!)
        : null;
    if (!index) return "";
    const inside = this.tree.nodes.find(
      (node) => node.segments.length > 0 && node.path === `${index[1]}.0`,
    );
    const last = inside ? inside.segments[inside.segments.length - 1].listLength - 1 : -1;
    const outside = Number(index[2]) > last || Number(index[2]) < -last - 1;
    return inside && outside ? `This model has ${index[1]}.0 … ${index[1]}.${last}.` : "";
  }
}
