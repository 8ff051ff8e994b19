/** Activations of a dataset on disk: collected, continued after a kill, read back in any order. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectToDisk, loadModel, openStore } from "mlxterp";

const model = await loadModel("tiny");
const folder = mkdtempSync(join(tmpdir(), "activations-"));
const texts = ["the capital of France is", "the capital of Japan is", "Mary and John went"];
await collectToDisk(model, texts, { folder, save: "layers.2" });

{
  await using store = await openStore(folder);
  let rows = 0;
  for await (const { activations } of store.batches({ batchSize: 4, shuffle: 0, epochs: 1 })) {
    rows += activations["layers.2"].shape[0];
  }
  console.log(`${rows} rows of layers.2, one for each token`);
}
rmSync(folder, { recursive: true });
