/** An intervention of one's own, as data: a function here, JSON and text in files and on the command line. */
import { defineIntervention, loadModel, mx, parseInterventionText, toJSON } from "mlxterp";
import { z } from "zod";

const roundTo = defineIntervention({
  type: "roundTo",
  fields: { step: z.number().positive() },
  make:
    ({ step }) =>
    (x) =>
      mx.multiply(mx.round(mx.divide(x, step)), step).astype(x.dtype),
});

const model = await loadModel("tiny");
const fromText = parseInterventionText("roundTo(8)", { types: [roundTo] });
console.log(JSON.stringify(toJSON(fromText)));
for (const change of [roundTo.create({ step: 0.01 }), fromText]) {
  using cache = await model.run("the capital of France is", {
    save: "output",
    interventions: { "layers.*": change },
  });
  const best = mx.argmax(cache.last("output"), -1).item() as number;
  console.log(model.tokenizer?.decode([best]).trim() ?? best);
}
