/** Where is it decided? Activations of one prompt are patched into another, layer by layer. */
import { activationPatching, loadModel, valueAt } from "mlxterp";

const model = await loadModel("tiny");
const prompts = {
  clean: "Mary and John went to the park . John gave a ball to",
  corrupted: "Mary and John went to the park . Mary gave a ball to",
};
const { grids } = await activationPatching(model, prompts, {
  answer: "Mary",
  wrongAnswer: "John",
  kinds: ["head"],
});

const effects = grids.head;
if (!effects) throw new Error("heads were asked for");
const scored = effects.labels.layer.flatMap((layer) =>
  effects.labels.head.map((head) => ({
    name: `${layer}.${head}`,
    effect: valueAt(effects, { layer: Number(layer), head: Number(head), position: "all" }),
  })),
);
const [best] = scored.sort((a, b) => b.effect - a.effect);
console.log(`head ${best.name} restores ${(100 * best.effect).toFixed(0)} % of the lead`);
