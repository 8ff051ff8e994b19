/** What does changing an activation do? A head is silenced, and the answer is lost. */
import { atHeads, loadModel, mx, zeroOut } from "mlxterp";

const model = await loadModel("tiny");
const prompt = "Mary and John went to the park . John gave a ball to";

async function says(heads: number[]): Promise<string> {
  const interventions =
    heads.length > 0 ? { "layers.3.selfAttn.z": atHeads(heads, zeroOut()) } : undefined;
  using cache = await model.run(prompt, { save: "output", interventions });
  const best = mx.argmax(cache.last("output"), -1).item() as number;
  return model.tokenizer?.decode([best]).trim() ?? String(best);
}

console.log(`as it is: ${await says([])}`);
console.log(`without head 3.0: ${await says([0])}`);
