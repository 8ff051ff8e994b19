/** The garbage collector, within reach: its two kinds of collection, and a count of the handles it watches. */
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

type Collector = (options?: { type: "minor" }) => void;
let collector: Collector | undefined;

function find(): Collector {
  const bun = (globalThis as { Bun?: { gc(force: boolean): void } }).Bun;
  if (bun) return () => bun.gc(true);
  if (typeof globalThis.gc === "function") return globalThis.gc as Collector;
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as Collector;
}

function garbageCollector(): Collector {
  collector ??= find();
  return collector;
}

/** Collects the young generation: about 1 ms. What has survived two of these is old. */
export function collectYoung(): void {
  garbageCollector()({ type: "minor" });
}

/** Collects everything: some 10 ms, more with a large heap. */
export function collectOld(): void {
  garbageCollector()();
}

/** Bytes that the engine's own records of native objects take; each array in JavaScript has one record. */
export function handleBytes(): number {
  const statistics = getHeapStatistics() as { used_global_handles_size?: number };
  return statistics.used_global_handles_size ?? 0; // unknown outside V8
}
