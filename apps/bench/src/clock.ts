/** What measurements count: processor time where one thread does the arithmetic, else time on the wall. */

/**
 * On a machine that is busy otherwise, processor time is what repeats. Threads of BLAS that wait for each other use it
 * up too, so it counts only with one of them.
 */
const countsProcessor = process.env.OPENBLAS_NUM_THREADS === "1";

/** In milliseconds; only differences mean anything. */
export function now(): number {
  if (!countsProcessor) return performance.now();
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export const clockName = countsProcessor ? "processor time, one BLAS thread" : "wall time";
