/** Repeats requests that failed for a passing reason, waiting longer each time. */
import { setTimeout as sleep } from "node:timers/promises";
import { fetchInTime, Silence } from "./limits.js";

/** How often, and how patiently. */
export interface RetryPolicy {
  /** Requests in all, before a failure stands. */
  readonly attempts: number;
  /** The first wait in milliseconds; each further one is twice as long. */
  readonly delay: number;
}

/** Timeout, too many requests, and the failures of a server or of one before it. */
const passing = new Set([408, 429, 500, 502, 503, 504]);

/** Whether a refusal with this status may end by itself. */
export function isPassing(status: number): boolean {
  return passing.has(status);
}

const longestBackOff = 30_000;
const longestRetryAfter = 300_000;

/**
 * Waits before the next attempt.
 *
 * @param failed attempts so far, from 1
 * @throws the signal's reason
 */
export async function pause(
  { delay }: RetryPolicy,
  failed: number,
  signal?: AbortSignal,
  asked = 0,
): Promise<void> {
  const backOff = Math.min(delay * 2 ** (failed - 1), longestBackOff);
  try {
    await sleep(Math.max(backOff, asked), undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted(); // the caller's reason, which the timer does not pass on
    throw error;
  }
}

/** What a server asks for with `Retry-After`, in milliseconds: seconds or a date. */
export function retryAfter(header: string | null, now: number = Date.now()): number {
  if (!header) return 0;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.min(Math.max(wait, 0), longestRetryAfter) : 0;
}

/** How often a hub that keeps silent is asked: every time costs the whole wait. */
const mostSilent = 2;

/** And a machine on which nobody answers for it, which it says at once; it may be starting. */
const mostRefused = 3;

/** What will be so again: answers that are no HTTP, certificates; redirects in a circle, and ports and schemes that `fetch` never asks. */
const lasting =
  /^(HPE_|UND_ERR_(HEADERS_OVERFLOW|INVALID|NOT_SUPPORTED)|ERR_|CERT_|DEPTH_|SELF_|UNABLE_)/;
const never = /redirect|bad port|scheme/;

interface Cause {
  readonly code?: unknown;
  readonly message?: string;
}

const causeOf = (error: unknown) => ((error as Error)?.cause ?? {}) as Cause;

function isLasting(error: unknown): boolean {
  const { code, message = "" } = causeOf(error);
  return lasting.test(String(code)) || never.test(message);
}

/**
 * A `fetch` that asks again when there is no connection, no answer in time, or the server says it cannot answer now.
 *
 * @param silence milliseconds until an answer must begin
 */
export function persistentFetch(
  plainFetch: typeof fetch,
  policy: RetryPolicy,
  silence: number,
  signal?: AbortSignal,
): typeof fetch {
  return async (input, init) => {
    let [silent, refused] = [0, 0];
    for (let attempt = 1; ; attempt++) {
      const last = attempt >= policy.attempts;
      const outcome = await fetchInTime(
        plainFetch,
        input,
        signal ? { ...init, signal } : init,
        silence,
      ).catch((error: unknown) => {
        signal?.throwIfAborted();
        if (error instanceof Silence) silent++;
        if (causeOf(error).code === "ECONNREFUSED") refused++;
        const isHopeless = silent >= mostSilent || refused >= mostRefused || isLasting(error);
        if (last || isHopeless) throw error;
        return undefined;
      });
      if (outcome && (last || !isPassing(outcome.status))) return outcome;
      outcome?.body?.cancel().catch(() => undefined);
      await pause(policy, attempt, signal, retryAfter(outcome?.headers.get("retry-after") ?? null));
    }
  };
}
