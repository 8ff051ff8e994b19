/** What a user who misspelt a site probably meant. */
import { distance } from "fastest-levenshtein";
import type { ModuleTree } from "../tree/module-tree.js";
import { outputPort } from "./selector.js";
import { siteName } from "./site.js";

/** The three names that differ least from one in this project's spelling. */
export function nearestSites(tree: ModuleTree, wanted: string): string[] {
  return tree.nodes
    .map((node) => siteName(node, outputPort))
    .map((name) => ({ name, far: distance(wanted, name) }))
    .sort((a, b) => a.far - b.far)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** What a list holds, where a name's index is outside it; else nothing. */
export function rangeHint(tree: ModuleTree, wanted: string): string {
  const [, list, number] = /^(.*?)\.?(-?\d+)(?=\.|#|$)/.exec(wanted) ?? [];
  const first = number === undefined ? undefined : tree.byPath.get(`${list}.0`);
  if (!first) return "";
  const length = first.segments[first.segments.length - 1].listLength;
  const index = Number(number);
  if (index < length && index >= -length) return "";
  return `This model has ${list}.0 … ${list}.${length - 1}.`;
}
