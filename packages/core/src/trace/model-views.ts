/** The members of a model that read from its innermost open trace: `model.layers[3]` is `trace.layers[3]`. */
import { NoOpenTraceError } from "../errors.js";
import type { ModuleTree } from "../tree/module-tree.js";
import { innermost } from "./open-traces.js";

/** Gives a model a member for each child of its module. The model's own members keep their names: see `trace.at`. */
export function defineViews(model: object, tree: ModuleTree): void {
  for (const key of tree.root.slots.keys()) {
    if (key in model) continue;
    Object.defineProperty(model, key, {
      configurable: true,
      get(this: object) {
        const trace = innermost(this) as Readonly<Record<string, unknown>> | undefined;
        if (trace) return trace[key];
        throw new NoOpenTraceError(key);
      },
    });
  }
}
