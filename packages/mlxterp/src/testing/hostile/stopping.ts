/** An end to calls that take as long as one asks for: training steps, tokens, pairs. */
import { isPlain } from "./near.js";

/** Milliseconds: long enough for a step of anything; what takes longer is told to stop, and stops. */
const patience = 1000;

/** The same options, with an end; what is no object of options stays as it is. */
export function stopping(options: unknown): unknown {
  const own = options === undefined ? {} : options;
  const bare = typeof own === "object" && own !== null && Object.getPrototypeOf(own) === null;
  if (!(bare || isPlain(own)) || "signal" in own) return own;
  return { ...own, signal: AbortSignal.timeout(patience) };
}

/** A call whose options come last, behind two arguments or more, with an end. */
export const ended =
  (call: (...args: never[]) => unknown) =>
  (...args: unknown[]) => {
    const last = Math.max(2, args.length - 1);
    return call(...([...args.slice(0, last), stopping(args[last])] as never[]));
  };
