/** A program that collects into a folder, with a line for every pass, until it is killed or prints `complete`. */
import { collectToDisk } from "../index.js";
import { sequences, smallModel } from "./small-model.js";

const [folder, count] = process.argv.slice(2);

const store = await collectToDisk(smallModel(), sequences(Number(count)), {
  folder,
  save: ["layers.0", "layers.1.selfAttn.z"],
  batchSize: 4,
  shardBytes: 6000,
  onProgress: ({ sequences: done }) => process.stdout.write(`done ${done}\n`),
});
process.stdout.write(`complete ${store.rows}\n`);
