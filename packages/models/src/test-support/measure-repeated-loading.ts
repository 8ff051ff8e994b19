/**
 * Loads a model again and again, and prints by how many bytes a load the process grew. What leaks grows every time; the
 * engine's heap takes some megabytes more now and then, so that a window in which it grew by more than is allowed is
 * followed by another.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { loadModel } from "../index.js";

const [, , source, count, allowed] = process.argv;

async function settledBytes(): Promise<number> {
  for (let turn = 0; turn < 5; turn++) {
    (globalThis as unknown as { gc: () => void }).gc();
    await sleep(20);
  }
  return process.memoryUsage().rss;
}

async function loads(): Promise<number> {
  for (let load = 0; load < Number(count); load++) await loadModel(source);
  return settledBytes();
}

let before = await loads();
let growth = Number.POSITIVE_INFINITY;
for (let window = 0; window < 6 && growth >= Number(allowed); window++) {
  const after = await loads();
  growth = Math.min(growth, (after - before) / Number(count));
  before = after;
}
process.stdout.write(String(growth));
