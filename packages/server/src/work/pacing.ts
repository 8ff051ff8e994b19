/** What work is asked between its computations: it stops when its time is up, and lends the device to others. */
import type { Deadline } from "../limits/deadline.js";
import type { Held } from "../queue/fair-queue.js";

/** How long work has the device before it lends it, in milliseconds; one computation may take longer. */
const slice = 50;

/**
 * @returns called between computations
 * @throws the deadline's reason
 */
export function pacing(held: Held, deadline: Deadline): () => Promise<void> {
  let since = performance.now();
  let away: Promise<void> | undefined;
  const lend = async () => {
    deadline.pause();
    try {
      await held.lend();
    } finally {
      deadline.goOn();
      since = performance.now();
      away = undefined;
    }
  };
  return async () => {
    deadline.check();
    deadline.signal.throwIfAborted();
    if (!away && performance.now() - since >= slice && held.isWanted()) away = lend();
    await away; // works that compute several things at once all wait
  };
}
