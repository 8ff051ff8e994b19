/** Collects far more than it may hold, reads it shuffled and writes it as Parquet; prints the growth of the process in each as JSON. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InterpretableModel } from "@mlxterp/core";
import { type MxArray, nn } from "@mlxterp/mlx";
import { collectToDisk, storeToParquet } from "../index.js";

const [folder, count] = process.argv.slice(2);

class Wide extends nn.Module {
  embedding = new nn.Embedding(27, 1024);

  override forward(ids: MxArray): MxArray {
    return this.embedding.forward(ids);
  }
}

function* sequences() {
  for (let index = 0; index < Number(count); index++) {
    yield Array.from({ length: 32 }, (_, position) => (index + position) % 27);
  }
}

function memory(field: "VmHWM" | "VmRSS"): number {
  const status = readFileSync("/proc/self/status", "utf8");
  return 1024 * Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]);
}

/** The peak from now on, above what a first part of the work took. */
function growth(): () => number {
  const before = memory("VmHWM");
  writeFileSync("/proc/self/clear_refs", "5");
  return () => memory("VmHWM") - before;
}

let collecting: (() => number) | undefined;
const store = await collectToDisk(new InterpretableModel(new Wide()), sequences(), {
  folder,
  sites: "embedding",
  shardBytes: 4 * 2 ** 20,
  onProgress: ({ sequences: done }) => {
    if (done >= Number(count) / 4) collecting ??= growth();
  },
});
const collected = collecting?.();

let reading: (() => number) | undefined;
for await (const { step } of store.batches({ batchSize: 512, shuffle: 1 })) {
  if (step > store.rows / 512 / 4) reading ??= growth();
}
const read = reading?.();

let writing: (() => number) | undefined;
const onProgress = ({ done, total }: { done: number; total: number }) => {
  if (done >= total / 4) writing ??= growth();
};
await storeToParquet(store, join(folder, "rows.parquet"), { rowGroupRows: 256, onProgress });
const bytes = store.rows * 4096;
process.stdout.write(JSON.stringify({ bytes, collected, read, written: writing?.() }));
