/** Does one direction carry the number of a subject? Exchanged alone it turns the verb of held-out sentences. */
import { builtInTask, das, loadModel, valueAt } from "mlxterp";

const model = await loadModel("tiny");
const { pairs, question } = builtInTask(model, "agreement", { size: 16 });
const { grids } = await das(model, pairs, { ...question, layers: [1, 2], learningRate: 0.05 });

const share = (value: number) => `${Math.round(100 * value)} %`;
for (const layer of [1, 2]) {
  const place = { layer, position: -1 };
  const learned = share(valueAt(grids.accuracy, place));
  const chance = share(valueAt(grids.random, place));
  console.log(`after layer ${layer}: ${learned} of held-out pairs, ${chance} at random`);
}
