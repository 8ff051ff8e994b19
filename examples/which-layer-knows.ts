/** Which layer first knows the answer? The logit lens reads every layer as if it were the last. */
import { lensRows, loadModel, logitLens, valueAt } from "mlxterp";

const model = await loadModel("tiny"); // or a folder, or a hub id
const prompt = "the capital of France is";
const lens = await logitLens(model, prompt, { answer: "Paris", positions: [-1] });

for (const { layer, cells } of lensRows(lens)) {
  const [best] = cells[0].top;
  console.log(`${layer ?? "embedding"}: ${best.text.trim()}`);
}

const ranks = lens.grids.answerRank;
if (!ranks) throw new Error("an answer was given");
const layers = model.config.layers.map((_, layer) => layer);
const first = layers.find((layer) => valueAt(ranks, { layer, position: -1 }) === 1);
console.log(`"Paris" leads from layer ${first} on`);
