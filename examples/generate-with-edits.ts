/** Generating with edits: a view of the model that lacks a part, and what it says then. */
import { loadModel, skip } from "mlxterp";

const model = await loadModel("tiny");
const prompt = "the capital of France is";
const without = model.edit({ "layers.{2,3}.selfAttn": skip() }, { name: "without late attention" });

for (const one of [model, without]) {
  const words: string[] = [];
  for await (const { text } of one.generate(prompt, { maxTokens: 3 })) words.push(text.trim());
  const name = one.edits.map(({ name }) => name).join() || "as it is";
  console.log(`${name}: ${words.join(" ")}`);
}
