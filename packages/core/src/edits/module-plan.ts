/** The module edits of a view, worked out for one model: which module stands where, and what is spliced in. */
import type { Module } from "@mlxterp/mlx";
import { InvalidEditError } from "../errors.js";
import { isModuleEdit, type ModuleEdit } from "../module-edits/module-edit.js";
import { ModuleReplacement } from "../module-edits/replace-module.js";
import type { ModuleSplice } from "../module-edits/splice.js";
import { SplicePoint } from "../module-edits/splice-point.js";
import { SiteResolver } from "../sites/resolver.js";
import { type Site, siteLabel } from "../sites/site.js";
import { declaredAxes, type ModuleNode } from "../tree/module-node.js";
import { ModuleTree } from "../tree/module-tree.js";
import type { ModulePlan, PlannedReplacement } from "../tree/plan.js";
import { changesOf, type NamedEdit } from "./edit.js";

const nothingPlanned: ModulePlan = { replacements: new Map(), splices: new Map() };

/**
 * Works out module edits one after the other, each on the tree that the earlier ones leave.
 *
 * @throws UnknownSiteError (`UNKNOWN_SITE`), InvalidEditError (`INVALID_EDIT`)
 */
export function planModuleEdits(module: Module, edits: readonly NamedEdit[]): ModulePlan {
  return edits
    .flatMap(changesOf)
    .reduce(
      (plan, { selector, change }) =>
        isModuleEdit(change) ? planOne(module, plan, selector, change) : plan,
      nothingPlanned,
    );
}

function planOne(module: Module, plan: ModulePlan, selector: string, edit: ModuleEdit): ModulePlan {
  const sites = new SiteResolver(new ModuleTree(module, plan)).resolve(selector);
  const done: string[] = [];
  return sites.reduce((before, site) => {
    const path = requireWholeModule(site, edit.type);
    const { node } = site;
    if (!(edit instanceof ModuleReplacement)) {
      return withSplice(before, node, { splice: edit, selector });
    }
    // What stood below a module that this same selector has replaced went with it.
    if (done.some((above) => path === above || path.startsWith(`${above}.`))) return before;
    done.push(path);
    return withReplacement(before, node, { module: edit.moduleFor(node.module, path), selector });
  }, plan);
}

/** @throws InvalidEditError (`INVALID_EDIT`) for an input, one call or the whole model */
function requireWholeModule({ node, port, call, name }: Site, edit: string): string {
  if (
    node.path !== "" &&
    port.kind === "output" &&
    port.element === undefined &&
    call === undefined
  )
    return node.path;
  const reason =
    node.path === ""
      ? "it would take the place of the whole model. Wrap the other module with new InterpretableModel instead"
      : "it concerns a module as a whole, so name the module without port or call";
  throw new InvalidEditError(siteLabel(name, call), edit, reason);
}

/** Earlier edits below the path fall with the module they were made in, unless the new one has that module inside. */
function withReplacement(
  plan: ModulePlan,
  node: ModuleNode,
  planned: PlannedReplacement,
): ModulePlan {
  const { path } = node;
  const tree = new ModuleTree(planned.module);
  requireFree(path, plan.splices.get(path)?.parts, tree.root);
  const inside = tree.nodes.filter((inner) => inner.module === node.module);
  const homes = inside.map((inner) => [path, inner.path].filter((part) => part !== "").join("."));
  const own = (key: string) => key.startsWith(`${path}.`) && !isAttached(plan, path, key);
  const moved = <T>(entries: ReadonlyMap<string, T>): [string, T][] =>
    [...entries].flatMap(([key, value]) =>
      own(key)
        ? homes.map((home): [string, T] => [home + key.slice(path.length), value])
        : [[key, value]],
    );
  return {
    replacements: new Map([...moved(plan.replacements), [path, planned]]),
    splices: new Map(moved(plan.splices)),
  };
}

/** Whether a path leads into what is spliced in at `path`, which stays when the module there is replaced. */
function isAttached({ splices }: ModulePlan, path: string, key: string): boolean {
  const name = key.slice(path.length + 1).split(".")[0];
  return splices.get(path)?.parts.has(name) ?? false;
}

function withSplice(
  plan: ModulePlan,
  node: ModuleNode,
  { splice, selector }: { readonly splice: ModuleSplice; readonly selector: string },
): ModulePlan {
  const { path } = node;
  if (plan.splices.has(path)) {
    const reason = "something is spliced in there already. Take that out with withoutEdit first";
    throw new InvalidEditError(path, splice.type, reason);
  }
  const axes = declaredAxes(node.module);
  const parts = new Map<string, Module>([
    ["original", new SplicePoint(axes)],
    ["inserted", splice.module],
    ...(splice.error ? [["error", new SplicePoint(axes)] as const] : []),
  ]);
  requireFree(path, parts, node);
  return { ...plan, splices: new Map([...plan.splices, [path, { splice, selector, parts }]]) };
}

/** @throws InvalidEditError (`INVALID_EDIT`) where a child has the name of a part of the splice */
function requireFree(
  path: string,
  parts: ReadonlyMap<string, Module> = new Map(),
  { slots }: ModuleNode,
): void {
  const taken = [...parts.keys()].find((name) => slots.has(name));
  if (taken === undefined) return;
  const reason = `the module there has a child "${taken}", the name of a site that the splice adds. Splice into its parent, or into that child`;
  throw new InvalidEditError(path, "splice", reason);
}
