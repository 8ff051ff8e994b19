/** Refuses module edits that have no effect: an experiment must not report one that never happened. */
import { SiteNotReachedError, UnknownSiteError } from "../errors.js";
import type { ModuleNode } from "./module-node.js";
import type { ModulePlan } from "./plan.js";

type Nodes = ReadonlyMap<string, ModuleNode>;

/**
 * @throws UnknownSiteError (`UNKNOWN_SITE`) for an edit whose place is gone, since the user has taken modules out
 */
export function checkPlaces(plan: ModulePlan, nodes: Nodes): void {
  for (const path of [...plan.replacements.keys(), ...plan.splices.keys()]) {
    if (nodes.has(path)) continue;
    const hint = "An edit of this view acts there, but the module has been taken out since.";
    throw new UnknownSiteError(path, [], hint);
  }
}

/**
 * @throws SiteNotReachedError (`SITE_NOT_REACHED`) when none of the modules that an edit's selector matches was called
 */
export function checkCalled(
  plan: ModulePlan,
  nodes: Nodes,
  wasCalled: (node: ModuleNode) => boolean,
): void {
  const bySelector = new Map<string, string[]>();
  for (const [path, { selector }] of [...plan.replacements, ...plan.splices]) {
    bySelector.set(selector, [...(bySelector.get(selector) ?? []), path]);
  }
  for (const [selector, paths] of bySelector) {
    const places = paths.flatMap((path) => nodes.get(path) ?? []);
    if (places.length === 0 || places.some(wasCalled)) continue;
    const [path] = paths;
    const one = paths.length === 1;
    const what = one
      ? "its module was not called"
      : `none of its ${paths.length} modules was called`;
    const reason = `${what}, so what an edit put there had no effect.`;
    throw new SiteNotReachedError(one ? path : selector, reason);
  }
}
