/** Opens a trace whose members mirror the module tree. */
import { ReadOnlySiteError } from "../errors.js";
import type { ModuleNode } from "../tree/module-node.js";
import type { Children } from "../typed-sites/views.js";
import { polite } from "./polite-proxy.js";
import type { ValueSource } from "./site-value.js";
import { TraceCore, type TraceParts } from "./trace.js";
import { moduleView } from "./view-proxy.js";

/** A trace of a model with modules M: every module is a member, with its values. */
export type Trace<M> = TraceCore<M> & Children<M>;

/** The trace's own members come first; a child of the same name is reached with `trace.at(name)`. */
export function openTrace<M>(parts: TraceParts): Trace<M> {
  const core = new TraceCore(parts);
  const face = withViews(core, parts.root);
  core.presentAs(face);
  return face as Trace<M>;
}

/** An object that reads from a pass, with a member for every child of the root beside its own. */
export function withViews(core: ValueSource, root: ModuleNode): object {
  let view: Readonly<Record<string, unknown>> | undefined;
  return polite(core, {
    find: (key) => {
      view ??= moduleView(core, root) as Readonly<Record<string, unknown>>;
      return view[key];
    },
    has: (key) => root.slots.has(key),
    assign: (key) => {
      throw new ReadOnlySiteError(key);
    },
  });
}
