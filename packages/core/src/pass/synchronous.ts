/** Refuses forwards that go on after they have returned: no pass would see what they do then. */
import { AsyncForwardError } from "../errors.js";

/**
 * @param path the module's
 * @returns what the forward returned
 * @throws AsyncForwardError (`ASYNC_FORWARD`) for a Promise
 */
export function requireSynchronous(path: string, output: unknown): unknown {
  if (!(output instanceof Promise)) return output;
  output.catch(() => undefined); // the error below says it all; a rejection of its own would end the process
  throw new AsyncForwardError(path);
}
