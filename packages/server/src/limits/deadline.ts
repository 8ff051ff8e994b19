/** The time that a request may have on the device: its signal fires when the caller goes away or the time is up. */
import { TimeLimitError } from "../errors/errors.js";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Fires at once where the time is up, though no timer could: work may leave the event loop no turn. */
  check(): void;
}

/** Starts to count now. */
export function startDeadline(seconds: number, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  const end = performance.now() + seconds * 1000;
  const expire = () => controller.abort(new TimeLimitError(seconds));
  const leave = () => controller.abort(caller.reason);
  const timer = setTimeout(expire, Math.min(seconds * 1000, 2 ** 31 - 1));
  timer.unref();
  if (caller.aborted) leave();
  caller.addEventListener("abort", leave, { once: true });
  return {
    signal: controller.signal,
    check() {
      if (performance.now() > end) expire();
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      caller.removeEventListener("abort", leave);
    },
  };
}
