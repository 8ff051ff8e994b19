/** A trace that is open while a function runs: the form without `using`, for plain JavaScript on any Node. */
import { apart } from "./open-traces.js";

/**
 * @param use may be asynchronous
 * @returns what `use` returns, once the trace has closed and what was saved is computed
 * @throws whatever opening, `use` or closing throws, always as a rejection
 */
export function inTrace<T extends AsyncDisposable, R>(
  open: () => T,
  use: (trace: T) => R | PromiseLike<R>,
): Promise<R> {
  return apart(async () => {
    await using trace = open();
    return await use(trace);
  });
}
