/** What a user who misspelt a site probably meant. */
import { distance } from "fastest-levenshtein";
import type { ModuleTree } from "../tree/module-tree.js";
import { ourSpelling } from "./names.js";
import { outputPort } from "./selector.js";
import { siteName } from "./site.js";

/** The three names that differ least from a selector. */
export function nearestSites(tree: ModuleTree, selector: string): string[] {
  const wanted = ourSpelling(selector);
  return tree.nodes
    .map((node) => siteName(node, outputPort))
    .map((name) => ({ name, far: distance(wanted, name) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** What a list holds, where a selector's index is outside it; else nothing. */
export function rangeHint(tree: ModuleTree, selector: string): string {
  const [, list, number] = /^(.*?)\.?(-?\d+)(?=\.|#|$)/.exec(ourSpelling(selector)) ?? [];
  const first = number === undefined ? undefined : tree.byPath.get(`${list}.0`);
  if (!first) return "";
  const length = first.segments[first.segments.length - 1].listLength;
  const index = Number(number);
  if (index < length && index >= -length) return "";
  return `This model has ${list}.0 … ${list}.${length - 1}.`;
}
