/** Evaluation that releases first: MLX frees an intermediate when it is used only if no JS handle holds it. */
import { setImmediate as turn } from "node:timers/promises";
import { checkNumber } from "@mlxterp/results/errors";
import { askBetween } from "./between.js";
import { mx } from "./binding.js";
import { collectOld, collectYoung, handleBytes } from "./collector.js";
import { InvalidArgumentError } from "./errors.js";
import { isArray } from "./guard.js";
import type { MxArray } from "./types/array.js";

/**
 * Runs one garbage collection of the young generation (about 1 ms), where the handles of a pass live.
 * Their buffers are freed on the next turn of the event loop.
 *
 * @example
 * collect();
 */
export function collect(): void {
  collectYoung();
}

/** How much may have grown old, and so out of reach of young collections, before an old one is due. */
const limits = {
  /** Bytes of the process, or an eighth of what it had, if that is more. */
  memory: 32 * 2 ** 20,
  /** Bytes of the arrays that were computed since, once some of their handles are known to be old. */
  computed: 32 * 2 ** 20,
  /** Handles, whatever they hold, or a quarter of those that stay, if that is more: a collection visits what stays. */
  handles: 256,
  /** Handles that come and go for other reasons. */
  noise: 8,
};

/** How much small work may leave behind until a young collection comes, which takes a fifth of a small pass's time. */
const waiting = { bytes: 12 * 2 ** 20, handles: 2048 };

/** What small work has left behind since the last collection, and the handles that were there then. */
const uncollected = { bytes: 0, handles: 0 };

/** What was there after the last collection of the old generation. */
const floor = { memory: Number.POSITIVE_INFINITY, handles: Number.POSITIVE_INFINITY };
let computed = 0;

/** The full collection that has run and whose buffers are about to be freed: many who wait need it once. */
let underWay: Promise<void> | undefined;

/**
 * Lets go of everything that nobody holds any more. A young collection is enough for the handles of one pass.
 * Results that were held for a while, and traces that were open for a while, have grown old: when enough of that
 * may have been dropped, one full collection (some 10 ms) follows.
 *
 * @param wanted handles that are about to be used
 * @example
 * const y = mx.add(mx.ones([3]), 1);
 * await release([y]);
 */
export async function release(wanted: readonly MxArray[] = []): Promise<void> {
  collectYoung();
  await turn();
  if (oldCollectionIsDue(wanted.length)) await (underWay ?? releaseOld());
  uncollected.bytes = 0;
  uncollected.handles = handleCount();
}

/** Like `release`, when enough small work has been done since. */
async function releaseSome(wanted: readonly MxArray[], dropped: number): Promise<void> {
  uncollected.bytes += dropped;
  const small =
    uncollected.bytes < waiting.bytes && handleCount() - uncollected.handles < waiting.handles;
  await (small ? turn() : release(wanted));
}

/**
 * Lets go of what has grown old as well, with a full collection (some 10 ms): for work that holds large arrays over
 * several evaluations and then drops them.
 *
 * @example
 * await releaseOld();
 */
export async function releaseOld(): Promise<void> {
  collectOld();
  const collected = turn().then(() => {
    floor.memory = activeMemory();
    floor.handles = handleCount();
    computed = 0;
  });
  underWay = collected;
  await collected;
  if (underWay === collected) underWay = undefined;
}

function oldCollectionIsDue(wanted: number): boolean {
  const memory = activeMemory();
  const handles = handleCount();
  floor.memory = Math.min(floor.memory, memory);
  floor.handles = Math.min(floor.handles, handles);
  const aged = handles - floor.handles - wanted;
  if (aged <= limits.noise) computed = 0;
  return (
    aged > Math.max(limits.handles, floor.handles / 4) ||
    computed > limits.computed ||
    memory - floor.memory > Math.max(limits.memory, floor.memory / 8)
  );
}

/** An old handle takes this much; a young one half as much again. */
function handleCount(): number {
  return handleBytes() / 64;
}

/**
 * Computes arrays after everything that nobody holds any more has been let go: collect, one turn of the
 * event loop, evaluate. Peak memory is then the weights, the arrays asked for and one layer's work.
 *
 * @param arrays what to compute; drop the handles of everything else before you call
 * @param dropped bytes of all that was built for them, if they are known: the collection waits until several
 * evaluations that say so come to some megabytes
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for anything but a list of arrays
 * @example
 * const y = mx.matmul(mx.ones([2, 3]), mx.ones([3, 4]));
 * await evaluate([y]);
 */
export async function evaluate(
  arrays: readonly MxArray[],
  dropped = Number.POSITIVE_INFINITY,
): Promise<void> {
  checkArrays(arrays);
  checkNumber("dropped", dropped);
  await releaseSome(arrays, dropped);
  await askBetween();
  evaluateNow(arrays);
}

/**
 * Computes arrays at once. Handles dropped in this turn of the event loop still cost memory meanwhile.
 *
 * @example
 * const y = mx.add(mx.ones([3]), 1);
 * evaluateNow([y]);
 */
export function evaluateNow(arrays: readonly MxArray[]): void {
  checkArrays(arrays);
  if (arrays.length === 0) return;
  mx.eval(...arrays);
  for (const { nbytes } of arrays) computed += nbytes;
}

/**
 * Computes arrays that stay, such as weights: what memory has grown by is no reason to look for what may be let go.
 *
 * @param arrays as `evaluate` takes them
 * @throws InvalidArgumentError (`INVALID_ARGUMENT`) for anything but a list of arrays
 * @example
 * const weight = mx.ones([64, 64]);
 * await evaluateToKeep([weight]);
 */
export async function evaluateToKeep(arrays: readonly MxArray[]): Promise<void> {
  checkArrays(arrays);
  await release(arrays);
  await askBetween();
  if (arrays.length > 0) mx.eval(...arrays);
  for (const { nbytes } of arrays) floor.memory += nbytes;
  floor.handles += arrays.length;
}

function checkArrays(arrays: readonly MxArray[]): void {
  const list: readonly unknown[] = Array.isArray(arrays) ? Array.from(arrays) : [arrays]; // a gap is no array either
  const at = list.findIndex((array) => !isArray(array));
  if (Array.isArray(arrays) && at < 0) return;
  const wrong = list[Math.max(at, 0)];
  throw new InvalidArgumentError("arrays", wrong, "evaluate takes a list of arrays.");
}

/**
 * Bytes that MLX holds, on Metal; on the CPU, where MLX does not count, the process's resident set.
 *
 * @example
 * const gigabytes = activeMemory() / 1e9;
 */
export function activeMemory(): number {
  return mx.metal.isAvailable() ? mx.getActiveMemory() : process.memoryUsage.rss();
}
