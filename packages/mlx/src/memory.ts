/** Evaluation that releases first: MLX frees an intermediate when it is used only if no JS handle holds it. */
import { setImmediate as turn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { mx } from "./binding.js";
import type { MxArray } from "./types/array.js";

type Collector = (options?: { type: "minor" }) => void;
let collector: Collector | undefined;

function gc(): Collector {
  collector ??= findCollector();
  return collector;
}

function findCollector(): Collector {
  const bun = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  if (typeof globalThis.gc === "function") return globalThis.gc as Collector;
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as Collector;
}

/**
 * Runs one garbage collection of the young generation (about 1 ms), where the handles of a pass live.
 * Their buffers are freed on the next turn of the event loop.
 */
export function collect(): void {
  gc()({ type: "minor" });
}

/** How far memory may rise above its floor before the old generation is collected too. */
const slack = 32 * 2 ** 20;
let floor = Number.POSITIVE_INFINITY;

/**
 * Lets go of everything that nobody holds any more. A collection of the young generation is enough for the
 * handles of one pass. Results that a user held for a while have grown old, so when memory has risen, one
 * full collection (some 10 ms) follows.
 */
export async function release(): Promise<void> {
  collect();
  await turn();
  const now = activeMemory();
  floor = Math.min(floor, now);
  if (now - floor <= slack) return;
  gc()();
  await turn();
  floor = activeMemory();
}

/**
 * Computes arrays after everything that nobody holds any more has been let go: collect, one turn of the
 * event loop, evaluate. Peak memory is then the weights, the arrays asked for and one layer's work.
 *
 * @param arrays what to compute; drop the handles of everything else before you call
 * @example
 * const y = mx.matmul(x, w);
 * await evaluate([y]);
 */
export async function evaluate(arrays: readonly MxArray[]): Promise<void> {
  await release();
  if (arrays.length > 0) mx.eval(...arrays);
}

/** Computes arrays at once. Handles dropped in this turn of the event loop still cost memory meanwhile. */
export function evaluateNow(arrays: readonly MxArray[]): void {
  if (arrays.length > 0) mx.eval(...arrays);
}

/** Bytes that MLX holds, on Metal; on the CPU, where MLX does not count, the process's resident set. */
export function activeMemory(): number {
  return mx.metal.isAvailable() ? mx.metal.getActiveMemory() : process.memoryUsage.rss();
}
