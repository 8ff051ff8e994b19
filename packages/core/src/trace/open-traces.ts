/** Which traces are open where: a stack for each chain of asynchronous calls, so that two never see each other's. */
import { AsyncLocalStorage } from "node:async_hooks";

/** One open trace; emptied when it closes, so that a forgotten context keeps nothing alive. */
export interface OpenEntry {
  model: object | undefined;
  trace: object | undefined;
}

const storage = new AsyncLocalStorage<readonly OpenEntry[]>();

/** Notes an open trace in the current chain of calls. */
export function pushOpen(model: object, trace: object): OpenEntry {
  const entry: OpenEntry = { model, trace };
  storage.enterWith([...stillOpen(), entry]);
  return entry;
}

/** Forgets a trace that closes; in every chain, since the entry itself is emptied. */
export function closeOpen(entry: OpenEntry): void {
  entry.model = undefined;
  entry.trace = undefined;
  storage.enterWith(stillOpen());
}

/** The innermost open trace of a model in the current chain of calls. */
export function innermost(model: object): object | undefined {
  return stillOpen().findLast((entry) => entry.model === model)?.trace;
}

/** Runs something whose traces are open in its own chain of calls only, and not in the caller's. */
export function apart<T>(body: () => T): T {
  return storage.run(stillOpen(), body);
}

/** How many traces are open in the current chain of calls. */
export function openCount(): number {
  return stillOpen().length;
}

function stillOpen(): readonly OpenEntry[] {
  return (storage.getStore() ?? []).filter((entry) => entry.trace !== undefined);
}
