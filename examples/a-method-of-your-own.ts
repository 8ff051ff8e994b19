/** A method of one's own: options, a result, how it is looked at. `mlxterp --methods` would run it as a verb. */

import type { AnalysisModel } from "mlxterp";
import { createTable, defineMethod, fedOf, loadModel, mx, provenanceOf, text } from "mlxterp";
import { z } from "zod";

export const loudness = defineMethod({
  name: "loudness",
  title: "Loudness",
  summary: "How large the residual stream is after a layer",
  input: "prompts",
  options: z.object({ layer: z.int().min(0).default(0).describe("which layer") }),
  async run(model: AnalysisModel, prompt, { layer = 0 }) {
    using cache = await model.run(prompt, { save: `layers.${layer}` });
    const norm = Number(mx.sqrt(mx.sum(mx.square(cache.last(`layers.${layer}`)))).item());
    const fed = (cache.tokens?.ids ?? []).map((ids) => fedOf(model, "prompt", ids));
    const tables = { loudness: createTable(["norm"], [{ norm }]) };
    const parts = { asked: { layer }, fed, grids: {}, tables, notes: [] };
    return { method: "loudness", ...parts, provenance: provenanceOf(model) };
  },
  view: ({ tables }) => [text(`The residual stream has norm ${tables.loudness.rows[0].norm}.`)],
});

const model = await loadModel("tiny");
const result = await loudness.run(model, "the capital of France is", { layer: 3 });
const [block] = [result].flat().flatMap((one) => loudness.view(one));
console.log(block.kind === "text" && block.text.replace(/\d.*/, "…"));
