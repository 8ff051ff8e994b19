/** Loads a model again and again, and prints by how many bytes a load the process grew in the second half. */
import { setTimeout as sleep } from "node:timers/promises";
import { loadModel } from "../index.js";

const [, , source, count] = process.argv;

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

const before = await loads();
const after = await loads();
process.stdout.write(String((after - before) / Number(count)));
