/** Does a direction steer? It does if it turns the verb of new sentences at little cost, and a random one does not. */
import { builtInTask, loadModel, steer } from "mlxterp";

const model = await loadModel("tiny");
const { pairs, question } = builtInTask(model, "agreement", { size: 16 }); // plural against singular
const { tables } = await steer(model, pairs, { ...question, layers: [2], strengths: [0.5, 1] });

const [asItIs] = tables.baselines.rows;
const [best] = tables.best.rows;
const wins = (effect: number) => (effect > 0 ? "plural" : "singular");
console.log(`as it is: ${wins(asItIs.effect)}`);
console.log(`steered after layer ${best.layer}, strength ${best.strength}: ${wins(best.effect)}`);
console.log(`a direction at random: ${wins(best.nullEffect)}`);
console.log(`cost: ${best.cost < 0.2 ? "less than 0.2" : best.cost} nats a token`);
