/** Opens a trace whose prompts are given one by one. */
import { ReadOnlySiteError } from "../errors.js";
import { polite } from "../trace/polite-proxy.js";
import { BatchTrace } from "./batch-trace.js";
import { InvocationNeededError } from "./errors.js";
import type { BatchHost } from "./shared-forward.js";

/** A batch trace that says where values are when it is asked for one itself. */
export function openBatchTrace<M>(host: BatchHost): BatchTrace<M> {
  const core = new BatchTrace<M>(host);
  const face = polite(core, {
    find: (key) => {
      throw new InvocationNeededError(key);
    },
    has: (key) => host.engine.tree.root.slots.has(key),
    assign: (key) => {
      throw new ReadOnlySiteError(key);
    },
  });
  core.presentAs(face);
  return face as BatchTrace<M>;
}
