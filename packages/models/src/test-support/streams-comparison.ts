/** How far models of several residual streams are from transformers. */
import { type MxArray, mx } from "@mlxterp/mlx";
import { loadModel, StreamsModel } from "../index.js";
import type { OtherComparison } from "./other-families.js";
import { maxDifference, readActivations, rows } from "./reference.js";
import { compareContinuations, comparePadded } from "./reference-comparison.js";
import { referenceFolder } from "./reference-folders.js";

/** (streams, batch, position, hidden), as transformers has them, in our order. */
const inOrder = (x: MxArray) => (x.ndim === 4 ? x.transpose(1, 2, 0, 3) : x);

/** Compares everything that streams have. */
export async function compareStreams(name: string): Promise<OtherComparison> {
  const folder = referenceFolder(name);
  const model = await loadModel(folder, { as: StreamsModel });
  const activations = readActivations(folder);
  const prompt = rows(activations.input_ids);
  const pattern = "layers.*.selfAttn.pattern";
  const read = await model.run(prompt, {
    save: ["layers.0.input", "layers.*", pattern, "output"],
  });
  const interventions = { [pattern]: (x: MxArray) => x };
  const computed = await model.run(prompt, { save: [pattern, "output"], interventions });
  const { length } = model.module.layers;
  const states = Array.from({ length }, (_, layer) =>
    layer === 0
      ? (["layers.0.input", "hidden.0"] as const)
      : ([`layers.${layer - 1}`, `hidden.${layer}`] as const),
  );
  const { gradients } = await model.gradients(
    prompt,
    (logits) => mx.subtract(logits.index(0, -1, 5), logits.index(0, -1, 7)),
    { save: "layers.1.input" },
  );
  return {
    hidden: Math.max(
      ...[...states, [`layers.${length - 1}`, "last_layer"] as const].map(([site, key]) =>
        maxDifference(read.get(site), inOrder(activations[key])),
      ),
    ),
    attention: Math.max(
      ...Array.from({ length }, (_, layer) => layer).flatMap((layer) =>
        [read, computed].map((cache) =>
          maxDifference(
            cache.get(`layers.${layer}.selfAttn.pattern`),
            activations[`attn.${layer}`],
          ),
        ),
      ),
    ),
    logits: Math.max(
      ...[read, computed].map((cache) => maxDifference(cache.get("output"), activations.logits)),
    ),
    padded: await comparePadded(model, activations),
    gradient: maxDifference(gradients.get("layers.1.input"), inOrder(activations["grad.hidden.1"])),
    ...(await compareContinuations(model, activations)),
  };
}
