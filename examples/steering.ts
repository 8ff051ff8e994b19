/** Steering: the difference between two prompts is added while the model answers a third. */
import { addVector, atPositions, loadModel, mx } from "mlxterp";

const model = await loadModel("tiny");
const layer = "layers.2";
const japan = await difference("the capital of Japan is", "the capital of France is");

async function difference(towards: string, from: string) {
  using cache = await model.run([towards, from], { save: layer });
  const [there, here] = mx.split(cache.last(layer), 2, 0); // (1, hidden) each
  return mx.subtract(there, here).reshape([-1]);
}

for (const strength of [0, 1]) {
  const push = atPositions(-1, addVector(mx.multiply(japan, strength)));
  using cache = await model.run("the capital of France is", {
    save: "output",
    interventions: { [layer]: push },
  });
  const best = mx.argmax(cache.last("output"), -1).item() as number;
  console.log(`${strength}: ${model.tokenizer?.decode([best]).trim()}`);
}
