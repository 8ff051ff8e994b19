/** Collects far more than it may hold, reads it shuffled and writes it as Parquet; prints the growth of the process in each as JSON. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { InterpretableModel } from "@mlxterp/core";
import { type MxArray, nn } from "@mlxterp/mlx";
import { collectToDisk, openStore, storeToParquet } from "../index.js";

const [folder, count, written] = process.argv.slice(2);

class Wide extends nn.Module {
  embedding = new nn.Embedding(27, 1024);

  override forward(ids: MxArray): MxArray {
    return this.embedding.forward(ids);
  }
}

function* sequences(count: string) {
  for (let index = 0; index < Number(count); index++) {
    yield Array.from({ length: 32 }, (_, position) => (index + position) % 27);
  }
}

function memory(): number {
  const [, kilobytes] = /^RssAnon:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  return 1024 * Number(kilobytes);
}

/** What is left after everything that nobody holds has gone; finalizers run on the turns after a collection. */
async function held(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await turn();
  }
  return memory();
}

/** @returns the most bytes above those before, at any step of the work, and what it leaves behind */
async function growth(work: (step: () => void) => Promise<unknown>) {
  const before = await held();
  let most = 0;
  await work(() => {
    most = Math.max(most, memory() - before);
  });
  return { most, left: (await held()) - before };
}

const model = new InterpretableModel(new Wide());
const options = { save: "embedding", shardBytes: 4 * 2 ** 20 };
await collectToDisk(model, sequences(written), { ...options, folder: join(folder, "part") });

const collected = await growth((onProgress) =>
  collectToDisk(model, sequences(count), { ...options, folder: join(folder, "all"), onProgress }),
);
const store = await openStore(join(folder, "all"));
const read = await growth(async (step) => {
  for await (const _ of store.batches({ batchSize: 512, shuffle: 1 })) step();
});

// what writing Parquet loads at its first use stays: it is measured from the second on
await collectToDisk(model, sequences("64"), { ...options, folder: join(folder, "little") });
const little = await openStore(join(folder, "little"));
await storeToParquet(little, join(folder, "little.parquet"), { rowGroupRows: 16 });

const part = await openStore(join(folder, "part")); // every number is visited in JavaScript: of all it takes long
const exported = await growth((onProgress) =>
  storeToParquet(part, join(folder, "rows.parquet"), { rowGroupRows: 16, onProgress }),
);
const bytes = (store: { readonly rows: number }) => store.rows * 4096;
const works = [
  { work: "collected", bytes: bytes(store), ...collected },
  { work: "read", bytes: bytes(store), ...read },
  { work: "exported", bytes: bytes(part), ...exported },
];
process.stdout.write(JSON.stringify(works));
