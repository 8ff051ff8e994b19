/** Loading a folder of a checkpoint: config.json, weights in safetensors, tokenizer.json; as Hugging Face lays it out. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadModel, mx } from "mlxterp";

const folder = join(mkdtempSync(join(tmpdir(), "checkpoint-")), "tiny");
const shipped = await loadModel("tiny");
await shipped.save(folder); // stands for a folder of yours

const model = await loadModel(folder);
const prompt = "the capital of France is";
const [here, there] = await Promise.all([model.run(prompt), shipped.run(prompt)]);
const apart = mx.max(mx.abs(mx.subtract(here.get("output"), there.get("output"))));
console.log(`${model.config.layers.length} layers; the logits differ by ${apart.item()}`);
rmSync(join(folder, ".."), { recursive: true });
