/** The time that a request may have on the device: its signal fires when the caller goes away or the time is up. */
import { TimeLimitError } from "../errors/errors.js";

export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
  /** Fires at once where the time is up, though no timer could: work may leave the event loop no turn. */
  check(): void;
  /** Counts no more until it goes on: others have the device. */
  pause(): void;
  goOn(): void;
}

/** Starts to count now. */
export function startDeadline(seconds: number, caller: AbortSignal): Deadline {
  const controller = new AbortController();
  const expire = () => controller.abort(new TimeLimitError(seconds));
  const leave = () => controller.abort(caller.reason);
  const clock = startClock(seconds * 1000, expire);
  if (caller.aborted) leave();
  caller.addEventListener("abort", leave, { once: true });
  return {
    signal: controller.signal,
    check: clock.check,
    pause: clock.pause,
    goOn: clock.goOn,
    [Symbol.dispose]() {
      clock.pause();
      caller.removeEventListener("abort", leave);
    },
  };
}

/** Rings once, when it has run for so long. */
function startClock(milliseconds: number, ring: () => void) {
  let left = milliseconds;
  let since = performance.now();
  let timer: NodeJS.Timeout | undefined;
  const goOn = () => {
    since = performance.now();
    timer = setTimeout(ring, Math.max(0, Math.min(left, 2 ** 31 - 1)));
    timer.unref();
  };
  goOn();
  return {
    goOn,
    pause() {
      left -= performance.now() - since;
      clearTimeout(timer);
    },
    check() {
      if (performance.now() - since > left) ring();
    },
  };
}
